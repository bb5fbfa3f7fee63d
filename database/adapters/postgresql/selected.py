"""Which entries of an archive a restore leaves out: what was made beforehand, what only a superuser makes,
and what leads out of a backup of chosen tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from core.errors import BackupIncompatible
from database.adapters.postgresql.archives import entry_in
from database.adapters.postgresql.backup_session import Session
from database.adapters.postgresql.inventory_settings import LEFT_OUT
from database.adapters.postgresql.scope import in_words
from database.manifest import FactKind, Manifest

# A copy takes part in no replication, and code that a superuser made run on every statement stays behind.
_ALWAYS = ("EVENT TRIGGER ", "PUBLICATION ", "SUBSCRIPTION ", "SCHEMA - public ", "COMMENT - EVENT TRIGGER ",
           "COMMENT - PUBLICATION ", "COMMENT - SUBSCRIPTION ")  # fmt: skip
_MADE_BEFORE = ("EXTENSION - ", "COMMENT - EXTENSION ", "SCHEMA - ")
_EXTENSION = "EXTENSION - "
_COMMENT_ON_PUBLIC = "COMMENT - SCHEMA public "
_PUBLIC_IS_THEIRS = 15  # from this major version on the schema belongs to whoever owns the database
# What of a chosen table may lead to a table or a routine that was not chosen.
_LEADING = {"FK CONSTRAINT ": FactKind.CONSTRAINT, "TRIGGER ": FactKind.TRIGGER}
_PART = re.compile(r'"((?:[^"]|"")*)"|([^."]+)')
_TRUSTED = "SELECT DISTINCT name FROM pg_catalog.pg_available_extension_versions WHERE trusted"


@dataclass(frozen=True)
class Leaving:
    """`major` of the server, and the extensions that the owner of a database may make there."""

    major: int
    manifest: Manifest | None
    extensions: frozenset[str]

    @staticmethod
    def trusted_extensions(session: Session) -> frozenset[str]:
        """Those which the server lets the owner of a database make."""
        return frozenset(name for (name,) in session.rows(_TRUSTED))

    def chosen(self, lines: Sequence[bytes]) -> str:
        """A list for pg_restore --use-list out of the lines of an archive's contents."""
        kept = [line for line in lines if self._is_wanted(entry_in(line))]
        return "".join(f"{line.decode(errors='surrogateescape')}\n" for line in kept)

    def check(self, lines: Sequence[bytes]) -> None:
        """Raises BackupIncompatible for extensions that nobody but a superuser makes, where no manifest of
        ours says that they may be made."""
        untrusted = self.untrusted(lines)
        if untrusted and self.manifest is None:
            raise BackupIncompatible(
                f"The archive needs extensions that only a superuser makes: {in_words(untrusted)}.",
                hint="Leave them out of the archive, or restore it by hand.",
            )

    def untrusted(self, lines: Sequence[bytes]) -> tuple[str, ...]:
        """The extensions of an archive that the owner of a database may not make."""
        entries = [entry_in(line) for line in lines]
        named = [entry.split(" ")[2] for entry in entries if entry.startswith(_EXTENSION)]
        return tuple(sorted(set(named) - self.extensions - {"plpgsql"}))

    def _is_wanted(self, entry: str) -> bool:
        if not entry or entry.startswith(_ALWAYS):
            return False
        if entry.startswith(_COMMENT_ON_PUBLIC):
            return self.major >= _PUBLIC_IS_THEIRS
        if self.manifest is None:
            return True
        if entry.startswith((*_MADE_BEFORE, *self._superusers)):
            return False
        return not self._leads_out(self.manifest, entry)

    @cached_property
    def _superusers(self) -> tuple[str, ...]:
        """How entries begin about what only a superuser makes, and those of comments on it."""
        origins = self.manifest.inventory.of(FactKind.ORIGIN) if self.manifest else {}
        left = [(name, text) for name, text in origins.items() if name.startswith(LEFT_OUT)]
        return tuple(f"{one} " for name, text in left for one in (name.removeprefix(LEFT_OUT), text))

    def _leads_out(self, manifest: Manifest, entry: str) -> bool:
        word = next((word for word in _LEADING if entry.startswith(word)), "")
        if not (word and manifest.selection):
            return False
        known = (" ".join(parts_of(name)) for name in manifest.inventory.of(_LEADING[word]))
        return not any(entry.startswith(f"{word}{name} ") for name in known)


def parts_of(name: str) -> tuple[str, ...]:
    """The names in one of an inventory, without quotes: 'public."a b".c' has three."""
    return tuple(one[1].replace('""', '"') if one[1] is not None else one[2] for one in _PART.finditer(name))
