"""What may be queued: each kind once, with arguments that a row can keep and give back."""

from __future__ import annotations

import inspect
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from core.progress import Feature
from jobs.catalogue import CATALOGUE, FEATURES

PLAIN = {str, int, float, bool, type(None), Any}


def test_each_kind_stands_once() -> None:
    assert len(CATALOGUE) == len(FEATURES)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.declaration.kind)
def test_its_arguments_are_plain(feature: Feature[Any, Any]) -> None:
    function = inspect.unwrap(feature)
    hints = get_type_hints(function)
    names = list(inspect.signature(function).parameters)[1:]
    assert not [name for name in names if not is_plain(hints[name])]


def is_plain(hint: Any) -> bool:
    """True for what JSON gives back as it was."""
    if hint in PLAIN or hint in (list, dict):
        return True
    return get_origin(hint) is not tuple and bool(get_args(hint)) and all(map(is_plain, get_args(hint)))
