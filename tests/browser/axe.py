"""Looks at a page with axe-core, which finds what keeps people out: contrast, names, roles, order."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_SCRIPT = Path(__file__).parent / "axe.min.js"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = "tags => axe.run({runOnly: tags, resultTypes: ['violations']})"


def violations(page: Page) -> list[str]:
    """What breaks WCAG 2.2 AA or good practice: rule, element and why, a line each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    found: dict[str, Any] = page.evaluate(_RUN, _TAGS)
    return [_line(rule, node) for rule in found["violations"] for node in rule["nodes"]]


def _line(rule: dict[str, Any], node: dict[str, Any]) -> str:
    why = " ".join(node["failureSummary"].split())
    return f"{rule['id']}: {' '.join(map(str, node['target']))}: {why}"


@cache
def _source() -> str:
    return _SCRIPT.read_text(encoding="utf-8")
