"""What may be chosen in a filter or a field, and the one way to refuse the rest."""

from __future__ import annotations

from collections.abc import Iterable

from core.errors import InvalidInput
from core.text import visible


def check_choice(what: str, given: str, choices: Iterable[str], *, optional: bool = True) -> None:
    """Raises InvalidInput unless `given` is one of `choices`, or "" where nothing need be chosen."""
    if given in choices or (optional and not given):
        return
    raise InvalidInput(
        f'"{visible(given[:40])}" is no {what}.', hint=f"Choose {', '.join(str(one) for one in choices)}."
    )
