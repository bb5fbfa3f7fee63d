"""What values any column may hold, after its type and its name: what is called city looks like a city."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from database.table_shapes import Column, Kind
from features.recipes.moments import SPAN, begin_text, last_day
from features.recipes.recipe import Value
from features.recipes.words import first_names, hosts, last_names, pool

Guess = Callable[[int, int], Value]  # of a fate and a position

_FEW = 1000
_NAMES: tuple[tuple[str, Guess], ...] = (
    (r"e_?mail", lambda fate, position: f"{_first(fate)[1]}.{_last(fate)[1]}@example.com"),
    (r"first_?name|given_?name", lambda fate, position: _first(fate)[0]),
    (r"last_?name|sur_?name|family_?name", lambda fate, position: _last(fate)[0]),
    (r"user_?name|login|nick", lambda fate, position: f"{_first(fate)[1]}.{_last(fate)[1]}"),
    (r"city|town", lambda fate, position: _of("cities", fate)),
    (r"country|nation", lambda fate, position: _of("countries", fate)),
    (r"state|region|province", lambda fate, position: _of("cities", fate >> 7)),
    (r"street|address", lambda fate, position: f"{fate % 180 + 1} {_of('streets', fate)}"),
    (r"post|zip", lambda fate, position: f"{fate % 90_000 + 10_000}"),
    (r"phone|fax|mobile", lambda fate, position: f"+1 555 01{fate % 100:02} {fate >> 9 & 0xFFF:04}"),
    (r"company|employer|vendor", lambda fate, position: _of("companies", fate)),
    (r"host|server", lambda fate, position: hosts()[fate % len(hosts())]),
    (r"ip|addr", lambda fate, position: f"192.0.2.{fate % 254 + 1}"),
    (r"url|link|website", lambda fate, position: f"https://example.com/{_of('words', fate)}"),
    (r"composer|author|artist|person|contact|full_?name", lambda fate, position: _person(fate)),
    (r"title|name|label|subject", lambda fate, position: _words(fate, 2).capitalize()),
)


def values_of(column: Column, *, unique: bool, seed: int) -> Guess:
    """How the values of a column are guessed; `unique` ones differ from position to position."""
    guess = _by_kind(column, seed)
    if column.kind is Kind.CHOICE:
        return lambda fate, position: column.choices[fate % len(column.choices)]
    return _apart(column, guess) if unique and column.kind is Kind.TEXT else _fitting(column, guess)


def room_of(column: Column) -> int | None:
    """How many different values it has for one run; None for enough."""
    if column.kind is Kind.TEXT and column.length and column.length < 10:
        return int(36**column.length)
    if column.kind is Kind.CHOICE:
        return len(column.choices)
    return {
        Kind.BOOLEAN: 2,
        Kind.INTEGER: column.high,
        Kind.NUMBER: column.high * 10**column.scale,
        Kind.DATE: SPAN,
    }.get(column.kind)


def literals_in(check: str) -> tuple[Value, ...]:
    """The numbers and texts that a check names, and their neighbours: one of them often satisfies it."""
    texts = [text.replace("''", "'") for text in re.findall(r"'((?:[^']|'')*)'", check)]
    numbers = [float(number) for number in re.findall(r"(?<![\w'.])-?\d+(?:\.\d+)?", check)]
    near = [whole for number in numbers for whole in (int(number), int(number) + 1, int(number) - 1)]
    middle = [int(sum(numbers) / len(numbers))] if numbers else []
    long = ["x" * max(1, min(int(number), 200)) for number in numbers if 0 < number < 10_000]
    return tuple(dict.fromkeys([*texts, *middle, *near, *long]))


def _by_kind(column: Column, seed: int) -> Guess:
    last = last_day(seed)
    small = min(column.high, _FEW)
    guesses: dict[Kind, Guess] = {
        Kind.INTEGER: lambda fate, position: fate % small + 1,
        Kind.NUMBER: lambda fate, position: _number(fate, small, column.scale),
        Kind.BOOLEAN: lambda fate, position: fate >> 5 & 1,
        Kind.DATE: lambda fate, position: begin_text(last - fate % SPAN, 0)[:10],
        Kind.MOMENT: lambda fate, position: begin_text(last - fate % SPAN, fate >> 12 & 0xFFF)[:19],
        Kind.TIME: lambda fate, position: begin_text(last, fate >> 12 & 0xFFF)[11:19],
        Kind.JSON: lambda fate, position: f'{{"number": {fate % 100}}}',
        Kind.UUID: lambda fate, position: str(uuid.UUID(int=fate << 64 | position)),
        Kind.TEXT: _by_name(column.name),
    }
    return guesses.get(column.kind, lambda fate, position: None)


def _by_name(name: str) -> Guess:
    for pattern, guess in _NAMES:
        if re.search(pattern, name, re.I):
            return guess
    return lambda fate, position: _words(fate, 3)


def _fitting(column: Column, guess: Guess) -> Guess:
    if column.kind is not Kind.TEXT or not column.length:
        return guess
    length = column.length
    return lambda fate, position: str(guess(fate, position))[:length].rstrip() or "x"


def _apart(column: Column, guess: Guess) -> Guess:
    """The guess with its position behind it, in as many letters as there are."""
    length = column.length or 200

    def make(fate: int, position: int) -> Value:
        end = _letters(position)
        text = str(guess(fate, position))
        name, at, domain = text.partition("@")
        room = length - len(end) - len(at + domain)
        return f"{name[:room]}{end}{at}{domain}" if room >= 0 else end[-length:].rjust(length, "0")

    return make


def _letters(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while True:
        number, rest = divmod(number, 36)
        text = digits[rest] + text
        if not number:
            return text


def _number(fate: int, high: int, scale: int) -> float | int:
    return round(fate % (high * 10**scale) / 10**scale, scale) if scale else fate % high


def _first(fate: int) -> tuple[str, str]:
    names = first_names()
    return names[fate % len(names)]


def _last(fate: int) -> tuple[str, str]:
    names = last_names()
    return names[(fate >> 11) % len(names)]


def _person(fate: int) -> str:
    return f"{_first(fate)[0]} {_last(fate)[0]}"


def _of(file: str, fate: int) -> str:
    words = pool(file)
    return words[fate % len(words)]


def _words(fate: int, count: int) -> str:
    words = pool("words")
    return " ".join(words[(fate >> 8 * step) % len(words)] for step in range(count))
