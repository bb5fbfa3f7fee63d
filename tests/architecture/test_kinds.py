"""Words that are told by the kind of an operation name kinds that there are."""

from __future__ import annotations

from core import cancelling
from tests.architecture.house import source_files
from web import endings


def test_each_kind_is_declared() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in source_files("features", "operations"))
    assert [kind for kind in (*cancelling.KINDS, *endings.KINDS) if f'"{kind}"' not in code] == []
