"""The text of a CREATE statement as SQLite keeps it, cut into its items. SQLite tells the names and bodies of
constraints nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<skip>\s+|--[^\n]*|/\*.*?\*/)|(?P<text>'(?:[^']|'')*')"""
    r"""|(?P<name>"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\])|(?P<word>\w+)|(?P<sign>.)""",
    re.DOTALL,
)
_KEYWORDS = ("check", "unique", "primary", "foreign")


@dataclass(frozen=True)
class Constraint:
    """`word` is the first of its kind: check, unique, primary or foreign. `body` is its first bracket with
    what follows; `name` is empty when it has none, `column` when it stands for itself."""

    word: str
    name: str
    column: str
    body: str


@dataclass(frozen=True)
class TableText:
    """`collations` are (column, collation) pairs of the columns that name one."""

    constraints: tuple[Constraint, ...]
    collations: tuple[tuple[str, str], ...]
    options: str


def read_table(create_table: str) -> TableText:
    """What a CREATE TABLE says beyond what the pragmas tell."""
    tokens = list(_tokens(create_table))
    items, rest = _items(tokens[tokens.index("(") :])
    return TableText(
        tuple(constraint for item in items for constraint in _constraints(item)),
        tuple((item[0], item[place + 1]) for item in items for place in _places(item, "collate")),
        _joined(rest).upper(),
    )


def index_body(create_index: str) -> str:
    """The columns of a CREATE INDEX and what follows them: "(a, b) where c"."""
    tokens = list(_tokens(create_index))
    return _joined(tokens[tokens.index("(") :])


def _tokens(text: str) -> Iterator[str]:
    """The words, names, texts and signs; names without their quotes, all but texts in lower case, as
    SQLite compares them."""
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "text":
            yield match.group()
        elif match.lastgroup == "name":
            yield match.group()[1:-1].replace('""', '"').casefold()
        elif match.lastgroup != "skip":
            yield match.group().casefold()


def _items(tokens: list[str]) -> tuple[list[list[str]], list[str]]:
    """What stands between the commas of the first bracket, and what follows the bracket."""
    items: list[list[str]] = [[]]
    for place, (token, depth) in enumerate(_depths(tokens)):
        if depth == 0:
            return items, tokens[place + 1 :]
        if depth == 1 and token == ",":
            items.append([])
        elif place:
            items[-1].append(token)
    return items, []


def _depths(tokens: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Each token with the number of brackets open after it."""
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token, 0)
        yield token, depth


def _places(item: list[str], *words: str) -> Iterator[int]:
    """Where one of `words` stands outside every bracket of `item`."""
    for place, (token, depth) in enumerate(_depths(item)):
        if depth == 0 and token in words:
            yield place


def _constraints(item: list[str]) -> Iterator[Constraint]:
    column = "" if item[0] in ("constraint", *_KEYWORDS) else item[0]
    for place in _places(item, *_KEYWORDS):
        named = place >= 2 and item[place - 2] == "constraint"
        body = _bracket(item[place:]) if not column or item[place] == "check" else f"({column})"
        yield Constraint(item[place], item[place - 1] if named else "", column, body)


def _bracket(tokens: list[str]) -> str:
    """The first bracket of `tokens`."""
    start = tokens.index("(")
    end = next(place for place, (_, depth) in enumerate(_depths(tokens[start:])) if depth == 0)
    return _joined(tokens[start : start + end + 1])


def _joined(tokens: Iterable[str]) -> str:
    text = " ".join(tokens)
    return text.replace("( ", "(").replace(" )", ")").replace(" ,", ",")
