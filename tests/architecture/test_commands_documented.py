"""docs/reference/commands.md says what the commands' own help says."""

from __future__ import annotations

from scripts.generate_reference import PAGE, reference


def test_the_reference_equals_the_help() -> None:
    mend = "Run: python scripts/generate_reference.py"
    assert PAGE.read_text(encoding="utf-8") == reference(), mend
