"""Which backups the reader looks at: of which database, of which proof, in which month. It stands in the
address, so that every link of the page can keep it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date
from typing import Any

from flask import current_app, request, url_for

from core.connection import Dialect
from core.errors import NotFound
from core.naming import fold
from core.text import visible
from features.backup_list import list_backups
from features.backups import BackupFacts
from features.databases import list_databases
from features.replacements import list_replacements
from features.restore_checks import are_kin
from web.auth import now
from web.calendar import YearMonth, read_month
from web.settings import settings_of

PROOFS = (("All", "all"), ("Verified", "verified"), ("Not verified", "not_verified"), ("Damaged", "damaged"))


@dataclass(frozen=True)
class View:
    """What is looked at; `database` is "" for all of them, `own` the name of the console's own."""

    database: str
    own: str
    proof: str
    month: YearMonth

    @property
    def is_own(self) -> bool:
        """True for the console's own database."""
        return fold(self.database) == fold(self.own)

    def address(self, backup: str = "", *, cursor: str = "", shown: int = 0) -> str:
        """Where this is shown, beside the backup of that id when there is one."""
        words: dict[str, Any] = {
            "database": None if self.is_own or not self.database else self.database,
            "all": None if self.database else 1,
            "proof": None if self.proof == "all" else self.proof,
            "month": None if self.month == YearMonth.of(today()) else self.month,
            "cursor": cursor or None,
            "shown": shown or None,
        }
        return url_for("backups.show", id=backup, **words) if backup else url_for("backups.index", **words)

    def of_month(self, month: YearMonth) -> View:
        """The same in another month."""
        return replace(self, month=month)

    def of_proof(self, proof: str) -> View:
        """The same for another proof."""
        return replace(self, proof=proof)

    def of_database(self, database: str) -> View:
        """All backups of another database, of this month."""
        return View(database, self.own, "all", YearMonth.of(today()))


def read_view(shown: BackupFacts | None = None) -> View:
    """What the address asks for; beside a backup, those of its database in its month. Raises InvalidInput for
    what is no month, NotFound for a database that nothing is known of."""
    own = settings_of(current_app).database.name
    named = request.args.get("database", "") or (shown.database if shown else "") or own
    month = request.args.get("month", "")
    if not shown and not request.args.get("all"):
        _check_known(visible(named[:255]), own)
    if shown and not month:
        month = str(YearMonth.of(shown.taken_at.astimezone(UTC).date()))
    return View(
        "" if request.args.get("all") else own if fold(named) == fold(own) else visible(named[:255]),
        own,
        request.args.get("proof", "all"),
        read_month(month, today()),
    )


def _check_known(name: str, own: str) -> None:
    """Raises NotFound for a database that is not registered and of which no backup is kept."""
    if fold(name) in {fold(own), *(fold(one.name) for one in list_databases())}:
        return
    if not list_backups(name, limit=1).backups and not list_replacements(name, kept_only=True):
        raise NotFound(f"There is no database {name[:80]} here.", hint="Look at /backups.")


def database_names(besides: str = "", *, fit_for: str = "") -> tuple[str, ...]:
    """The console's own database, then the registered ones, or those of them into which a backup of the
    dialect `fit_for` can be restored; and `besides`, which may be neither now."""
    own = settings_of(current_app).database
    known = [(own.name, own.dialect), *((visible(one.name), one.fields.dialect) for one in list_databases())]
    names = [name for name, kind in known if not fit_for or are_kin(Dialect(fit_for), Dialect(kind))]
    return tuple(names if not besides or besides in names else [*names, besides])


def today() -> date:
    """The day it is, as the calendar of backups counts days: by UTC."""
    return now().astimezone(UTC).date()
