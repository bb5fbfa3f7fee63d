"""A health report as monitors parse it and as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from features.health import Check, HealthReport

COLOURS = {"healthy": "32", "degraded": "33", "unhealthy": "31", "error": "31"}


def as_json(report: HealthReport) -> str:
    """The document that docs/reference/health.schema.json describes."""
    import json

    checks = [
        {
            "name": check.name,
            "status": check.status,
            "value": check.value,
            "hint": check.hint,
            "milliseconds": check.milliseconds,
        }
        for check in report.checks
    ]
    timestamp = report.timestamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"status": report.status, "timestamp": timestamp, "checks": checks}, indent=2)


def as_error(check: Check) -> str:
    """One line for what kept the checks from running."""
    from core.errors import with_hint
    from core.text import visible

    return visible(f"Error: {with_hint(check.value, check.hint)}")


def as_text(report: HealthReport, stream: TextIO) -> str:
    """The verdict in a sentence, then a line for each check with its hint beneath; in colour where
    `stream` takes it."""
    from core.terminal import takes_colour

    colour = takes_colour(stream)
    names = max(len(check.name) for check in report.checks)
    lines = [line for check in report.checks for line in _lines(check, names, colour)]
    return "\n".join([_paint(_verdict(report), report.status, colour), "", *lines])


def _verdict(report: HealthReport) -> str:
    if report.status == "healthy":
        return f"The database is healthy: {len(report.checks)} checks passed."
    culprits = ", ".join(check.name for check in report.checks if check.status == report.status)
    if report.status == "error":
        return f"The check could not run: {culprits}."
    return f"The database is {report.status}: {culprits}."


def _lines(check: Check, names: int, colour: bool) -> list[str]:
    from core.text import visible

    status = _paint(f"{check.status:<9}", check.status, colour)
    line = f"{check.name:<{names}}  {status}  {check.milliseconds:8.1f} ms  {visible(check.value)}"
    beneath = " " * (names + 26)
    return [line, beneath + visible(check.hint)] if check.hint else [line]


def _paint(text: str, status: str, colour: bool) -> str:
    return f"\033[{COLOURS[status]}m{text}\033[0m" if colour else text
