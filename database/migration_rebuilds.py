"""Sees through how a table is built anew: a shadow is made, filled, and takes the table's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from database.adapters.migrating import Change, ChangeKind, MigrationAdapter
from database.migration_reader import read_copy

Read = tuple[str, tuple[Change, ...]]


def see_through(
    read: Sequence[Read], columns: Mapping[str, Sequence[str]], adapter: MigrationAdapter
) -> Iterator[Read]:
    """The statements with what they come to: the shadow is the table, built anew; what is not copied into it
    is dropped. `columns` are those of each table before."""
    if not adapter.shadow:
        yield from read
        return
    under_way = ""
    for sql, changes in read:
        first = changes[0] if changes else None
        if first is None or len(changes) > 1:
            yield sql, changes
        elif first.kind is ChangeKind.CREATE_TABLE and first.table.startswith(adapter.shadow):
            under_way = first.table.removeprefix(adapter.shadow)
            yield sql, (Change(ChangeKind.REBUILD_TABLE, under_way),)
        elif under_way and first.table.startswith(adapter.shadow):
            if first.kind is ChangeKind.INSERT:
                yield sql, tuple(_lost(sql, under_way, columns.get(under_way, ()), adapter.grammar))
            else:
                yield sql, ()
                under_way = ""
        else:
            is_its_end = first == Change(ChangeKind.DROP_TABLE, under_way)
            yield sql, () if is_its_end else changes


def _lost(sql: str, table: str, before: Sequence[str], grammar: str) -> Iterator[Change]:
    copied = read_copy(sql, grammar)
    for column in before:
        names = [new for new, old in copied.items() if old == column]
        if not names:
            yield Change(ChangeKind.DROP_COLUMN, table, column)
        elif column not in names:
            yield Change(ChangeKind.RENAME_COLUMN, table, column, names[0])
