"""Writes a new migration out of what the models say and the database does not have yet."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    DowngradeOps,
    DropColumnOp,
    MigrationScript,
    ModifyTableOps,
    UpgradeOps,
)
from alembic.util import CommandError

from core.errors import MigrationError
from database.revisions import LOCATION

IsRename = Callable[[str, str], bool]  # "user.nick" became "user.nickname"?


def write_migration(message: str, is_rename: IsRename) -> Path | None:
    """Write it into our migrations, and give its file; None when there is nothing to write. Where a column
    goes while one that could be the same comes, `is_rename` is asked. Needs an application context,
    and a database at the newest revision. Raises MigrationError, ServerError."""

    def revise(_context: Any, _revision: Any, directives: list[MigrationScript]) -> None:
        upgrade = directives[0].upgrade_ops
        if upgrade is None or upgrade.is_empty():
            directives.clear()
            return
        see_renames(upgrade, is_rename)
        directives[0].downgrade_ops = upgrade.reverse_into(DowngradeOps([]))

    config = Config(str(LOCATION / "alembic.ini"), cmd_opts=Namespace(quiet=True))
    config.set_main_option("script_location", str(LOCATION).replace("%", "%%"))
    try:
        script = command.revision(
            config, message.rstrip("."), autogenerate=True, process_revision_directives=revise
        )
    except CommandError as error:
        raise MigrationError(str(error)) from error
    written = script if isinstance(script, list) else [script]
    return next((Path(one.path) for one in written if one), None)


class ColumnRename(AlterColumnOp):
    """A column under a new name, which a downgrade takes back."""

    def reverse(self) -> ColumnRename:
        return ColumnRename(
            self.table_name,
            self.modify_name or "",
            existing_type=self.existing_type,
            existing_nullable=self.existing_nullable,
            modify_name=self.column_name,
        )


def see_renames(upgrade: UpgradeOps, is_rename: IsRename) -> None:
    """Put a rename in the place of what goes and what comes, where they have one type."""
    for table in upgrade.ops:
        if isinstance(table, ModifyTableOps):
            _columns(table, is_rename)


def _columns(table: ModifyTableOps, is_rename: IsRename) -> None:
    for gone in list(_of(table, DropColumnOp)):
        for come in list(_of(table, AddColumnOp)):
            old, new = gone.to_column(), come.column
            same_kind = old.type._type_affinity is new.type._type_affinity
            place = f"{table.table_name}."
            if same_kind and is_rename(place + gone.column_name, place + new.name):
                table.ops.remove(gone)
                table.ops[table.ops.index(come)] = ColumnRename(
                    table.table_name,
                    gone.column_name,
                    existing_type=old.type,
                    existing_nullable=old.nullable,
                    modify_name=new.name,
                )
                break


def _of(table: ModifyTableOps, kind: type[Any]) -> Iterator[Any]:
    return (one for one in table.ops if isinstance(one, kind))
