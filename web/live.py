"""How a live operation is told: figures with their units, spans of time, the plot of its speed, what says
whether a page shows it all, and when it asks again."""

from __future__ import annotations

from dataclasses import dataclass
from random import uniform

from markupsafe import Markup

from core import text
from operations.panels import OperationPanel, Phase

_BYTES = ("byte", "bytes")
_WIDTH, _HEIGHT = 600, 44  # of the plot's own units; the page stretches it
_ENOUGH = 2  # points


@dataclass(frozen=True)
class SpeedPaths:
    """An SVG path of the speeds, and of the area below them; `lowest`, `highest` and `newest` in words."""

    line: Markup
    area: Markup
    lowest: str
    highest: str
    newest: str


def looks(panel: OperationPanel) -> str:
    """What the parts of a page that change seldom look like: one that shows this needs only figures."""
    operation = panel.operation
    asked = "asked" if operation.cancel_requested_at else ""
    known = "known" if panel.current and panel.current.total else ""
    alone = "alone" if panel.waits_for_nobody else ""
    return f"{operation.state}-{operation.attempt}-{len(panel.phases)}-{known}-{asked}{alone}"


def entity_tag(panel: OperationPanel) -> str:
    """The same as long as a page that shows this panel shows the truth: what has ended stays as it is."""
    phase = panel.current
    second = int(panel.now.timestamp()) if panel.operation.is_live else 0
    return f"{looks(panel)}-{phase.done if phase else 0}-{panel.newest_line}-{second}"


def roughly(seconds: float) -> str:
    """A pace for htmx within a tenth of `seconds`, another each time: pages that all ask again a second after
    their answer would soon ask all at once, since those that wait together are answered together."""
    return f"{round(seconds * uniform(900, 1100))}ms"


def span(seconds: float) -> str:
    """A span that is still counted, in whole seconds: "12 s", "2 min 51 s", "36 h 32 min"."""
    return text.duration(seconds) if round(seconds) >= 60 else f"{round(seconds)} s"


def figure(number: float, unit: str) -> str:
    """A count of units without their name, which the label says: bytes as sizes, small speeds with one
    decimal."""
    if unit in _BYTES:
        return text.size(round(number))
    return f"{number:,.1f}" if 0 < number < 10 and number != int(number) else f"{round(number):,}"


def unit_label(unit: str) -> str:
    """What a phase counts, as a heading: "row" is "Rows", "entry" is "Entries"."""
    if unit in _BYTES:
        return "Data"
    if not unit:
        return "Steps"
    return text.several(unit).capitalize()


def counted(number: int, unit: str) -> str:
    """A count of units with their name: "1 check", "14 foreign keys", "1.2 MB"."""
    return text.plural(number, unit) if unit and unit not in _BYTES else figure(number, unit)


def speed_paths(phase: Phase) -> SpeedPaths | None:
    """The plot of a phase's speed, from zero to its highest; None with too few samples."""
    if len(phase.speeds) < _ENOUGH:
        return None
    speeds = [speed for _, speed in phase.speeds]
    first, last = phase.speeds[0][0], phase.speeds[-1][0]
    across, up = _WIDTH / ((last - first) or 1), (_HEIGHT - 2) / (max(speeds) or 1)
    points = [f"{(at - first) * across:.1f} {_HEIGHT - speed * up:.1f}" for at, speed in phase.speeds]
    line = Markup("M" + "L".join(points))  # numbers alone
    words = [figure(speed, phase.unit) for speed in (min(speeds), max(speeds), speeds[-1])]
    return SpeedPaths(line, line + f"V{_HEIGHT}H0Z", *words)
