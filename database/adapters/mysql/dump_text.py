"""The text of a dump, read line by line with little memory however long a line is: whether it is whole, and
what has to be said otherwise to restore it under another name and in nobody's name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import IO

from core.errors import BackupDamaged, BackupIncompatible
from core.progress import Operation
from core.text import plural
from database.adapters.mysql.code import Code, without_database, without_status
from database.adapters.mysql.dump_stream import END_MARK

_BLOCK = 1024 * 1024
_LONGEST_STATEMENT = 64 * 1024 * 1024  # bytes of a view or a routine
_BEGINNINGS = (b"-- MySQL dump ", b"-- MariaDB dump ", b"/*M!999999\\- enable the sandbox mode")
_NAME = rb"`(?:[^`]|``)*`"
_ACCOUNT = _NAME + rb"(?:@" + _NAME + rb")?"
_CREATES_CODE = re.compile(rb"(?:/\*!\d+ )?CREATE(?:\*/)? ")
_DEFINER = re.compile(
    rb"((?:/\*!\d+ )?CREATE (?:ALGORITHM=\w+ )?|/\*!\d+ CREATE(?: ALGORITHM=\w+ )?\*/\s+/\*!\d+ )"
    rb"DEFINER=" + _ACCOUNT
)
_ENABLED = re.compile(
    rb"(EVENT " + _NAME + rb" ON SCHEDULE .*? ON COMPLETION (?:NOT )?PRESERVE) ENABLE\b", re.DOTALL
)
_ALTER_DATABASE = re.compile(rb"ALTER DATABASE " + _NAME + rb" (CHARACTER SET \w+ COLLATE \w+ ;;?\s*)")
_OF_A_SERVER = re.compile(rb"(?:USE `|CREATE DATABASE |SET @@GLOBAL\.GTID_PURGED|SET @@SESSION\.SQL_LOG_BIN)")
_HOST_LINE = re.compile(rb"-- Host: .*?    Database: (.*)")
_WRAPPED = re.compile(r"/\*!\d+ CREATE\*/ (?:/\*!\d+ DEFINER=.*?\*/ )?/\*!\d+ (.*?)\s*\*/", re.DOTALL)
_TEXT_DEFINER = re.compile(r"DEFINER=`(?:[^`]|``)*`(?:@`(?:[^`]|``)*`)? ")


def lines_of(op: Operation, stream: IO[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each line with its end, and whether it begins there: a long one comes in parts. `op.advance` by the
    bytes read."""
    rest, starts = b"", True
    while block := stream.read(_BLOCK):
        op.advance(len(block))
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            yield line + b"\n", starts
            starts = True
        if len(rest) >= _BLOCK:
            yield rest, starts
            rest, starts = b"", False
    if rest:
        yield rest, starts


def check_dump(op: Operation, stream: IO[bytes], tables: int) -> str:
    """Read the whole dump and say what was seen. Raises BackupDamaged for one that no dump program ended, or
    with fewer than so many tables; BackupIncompatible for one of several databases."""
    seen = _Seen()
    for line, starts in lines_of(op, stream):
        if starts:
            seen.look_at(line)
    seen.check(tables)
    return f"{plural(seen.tables, 'table')}, {plural(seen.inserts, 'INSERT statement')}"


class _Seen:
    """What a dump holds, as far as it was read."""

    def __init__(self) -> None:
        self.tables = self.inserts = self._databases = 0
        self._first = self._last = b""
        self._in_code = False

    def look_at(self, line: bytes) -> None:
        """At the beginning of the next line."""
        if not line.strip():
            return
        self._first = self._first or line
        self._last = line
        if line.startswith(b"DELIMITER "):
            self._in_code = line.strip() == b"DELIMITER ;;"
        elif not self._in_code:
            self.tables += line.startswith(b"CREATE TABLE `")
            self.inserts += line.startswith(b"INSERT ")
            self._databases += line.startswith(b"USE `")

    def check(self, tables: int) -> None:
        if not self._first.startswith(_BEGINNINGS):
            raise BackupDamaged("It does not begin as a dump of mysqldump or mariadb-dump does.")
        if not self._last.startswith(END_MARK):
            raise BackupDamaged("The dump was cut off: its last line, -- Dump completed, is missing.")
        if self.tables < tables:
            raise BackupDamaged(f"The dump holds {plural(self.tables, 'table')}, its manifest {tables}.")
        if self._databases > 1:
            raise BackupIncompatible(
                f"The dump holds {self._databases} databases.", hint="Dump each into a file of its own."
            )


class Rewriter:
    """Changes a dump on its way into a database `place`, quoted: what names the old database or another
    account. Code that is among `known`, word for word, is held back in `held`."""

    def __init__(self, place: str, known: Iterable[Code]) -> None:
        self.held: list[Code] = []
        self._place = place.encode()
        self._old = b""
        self._known = {code.text.strip(): code for code in known if code.kind != "trigger"}
        self._triggers = [code for code in known if code.kind == "trigger"]
        self._statement: list[bytes] = []
        self._in_code = False

    def passed(self, line: bytes, starts: bool) -> bytes:
        """What is passed on of the next line, or the next part of one."""
        if self._statement:
            return self._collect(line)
        if not starts or line[:1] in (b"(", b"I"):  # rows
            return line
        if line.startswith(b"DELIMITER "):
            self._in_code = line.strip() == b"DELIMITER ;;"
            return line
        if self._in_code and _CREATES_CODE.match(line) or line.startswith(b"/*!50001 CREATE ALGORITHM="):
            return self._collect(line)
        if found := _ALTER_DATABASE.fullmatch(line):
            return b"ALTER DATABASE " + self._place + b" " + found[1]
        return line if self._in_code else self._outside_code(line)

    def end(self) -> bytes:
        """What is left at the end."""
        return b"".join(self._statement)

    def _outside_code(self, line: bytes) -> bytes:
        if _OF_A_SERVER.match(line):
            return b""
        if found := _HOST_LINE.match(line):
            self._old = b"`" + found[1].strip().replace(b"`", b"``") + b"`"
        if self._old and line.startswith(b"  `"):  # a default out of a sequence names its database
            return line.replace(b"nextval(" + self._old + b".", b"nextval(" + self._place + b".")
        return line

    def _collect(self, line: bytes) -> bytes:
        self._statement.append(line)
        mark = b";;" if self._in_code else b"*/;"
        if not line.rstrip().endswith(mark):
            if sum(map(len, self._statement)) > _LONGEST_STATEMENT:
                raise BackupIncompatible("The dump holds a routine that is too long.")
            return b""
        text = b"".join(self._statement)
        self._statement = []
        if code := self._find(text):
            self.held.append(code)
            return b""
        return _ENABLED.sub(rb"\1 DISABLE ON SLAVE", _DEFINER.sub(rb"\1", text, count=1), count=1)

    def _find(self, statement: bytes) -> Code | None:
        text = _plain(statement.decode(errors="replace"))
        old = self._old.decode(errors="replace")
        for said in (text, without_status(text), without_database(text, old)):
            if code := self._known.pop(said, None):
                return code
        if text[:14].upper() == "CREATE TRIGGER":
            for code in self._triggers:
                if code.name.replace("`", "``") in text and text.endswith(code.body.strip()):
                    self._triggers.remove(code)
                    return code
        return None


def _plain(statement: str) -> str:
    """A statement as the server shows it: without the comments that wrap it for old servers, and without its
    definer."""
    text = statement.strip()
    if text.startswith("/*!50001 CREATE ALGORITHM="):
        bare = [re.sub(r"^/\*!\d+ | ?\*/;?$", "", line) for line in text.split("\n")]
        text = " ".join(bare)
    else:
        text = text.removesuffix(";;").rstrip()
        if found := _WRAPPED.fullmatch(text):
            return f"CREATE {found[1]}"
    return _TEXT_DEFINER.sub("", text, count=1).strip()
