"""The colours of the console as static/css/tokens.css names them, with their contrast, for the styleguide."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TOKENS = Path(__file__).parent.parent / "static" / "css" / "tokens.css"
_COLOUR = re.compile(r"--bk-([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
_SHOWN = (
    *("canvas", "surface", "raised", "sunken", "hover", "select", "line", "line-strong", "control"),
    *("ink", "ink-2", "ink-3"),
    *(f"{hue}{kind}" for hue in ("green", "blue", "amber", "red", "plum") for kind in ("", "-fill", "-tint")),
    *("plot-1", "plot-2"),
)
_WITHOUT_RATIO = frozenset(
    {"canvas", "surface", "raised", "sunken", "hover", "select", "line", "line-strong"}
)


@dataclass(frozen=True)
class Colour:
    """One colour of one theme. `ratio` is its contrast with the surface of that theme (WCAG 2.2, "contrast
    ratio", 1 to 21), None for colours that nothing is written in."""

    name: str
    code: str
    ratio: float | None


@dataclass(frozen=True)
class Palette:
    """Every colour of a theme: `theme` is "light" or "dark"."""

    theme: str
    colours: tuple[Colour, ...]


@cache
def palettes() -> tuple[Palette, Palette]:
    """The light and the dark colours."""
    codes = {name: both for name, *both in _COLOUR.findall(_TOKENS.read_text(encoding="utf-8"))}
    return _palette("light", {name: both[0] for name, both in codes.items()}), _palette(
        "dark", {name: both[1] for name, both in codes.items()}
    )


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours given as "#rrggbb"."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _palette(theme: str, codes: dict[str, str]) -> Palette:
    def ratio(name: str) -> float | None:
        has_none = name in _WITHOUT_RATIO or name.endswith("-tint")
        return None if has_none else contrast(codes[name], codes["surface"])

    return Palette(theme, tuple(Colour(name, codes[name], ratio(name)) for name in _SHOWN))


def _luminance(code: str) -> float:
    """Relative luminance by WCAG 2.2, from 0 for black to 1 for white."""
    channels = (int(code[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
