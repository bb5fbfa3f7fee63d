"""One command against another: both run in turn, so that whatever else the machine does hits both alike."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Comparison:
    """`command` may take at most `limit` times as long as `baseline`. Both run in `folder` with
    `environment` added to a bare one, `prepare` before each, untimed; `accepts` are the exit codes that do
    not spoil the measurement."""

    name: str
    baseline: Sequence[str]
    command: Sequence[str]
    limit: float
    folder: str = "."
    environment: Mapping[str, str] = field(default_factory=dict)
    accepts: tuple[int, ...] = (0,)
    runs: int = 15
    prepare: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Result:
    """The ratio of each round, and the medians behind them in milliseconds. The middle one of the ratios may
    be `limit` at most."""

    name: str
    limit: float
    ratios: tuple[float, ...]
    baseline_milliseconds: float
    command_milliseconds: float

    @property
    def within_limit(self) -> bool:
        """True when the middle one of the ratios is."""
        return median(self.ratios) <= self.limit


def measure(comparison: Comparison) -> Result:
    """Run both in turn, once to warm up and then `runs` times. Raises RuntimeError when either fails."""
    rounds = [
        (_seconds(comparison, comparison.baseline), _seconds(comparison, comparison.command))
        for _ in range(comparison.runs + 1)
    ][1:]
    baselines, commands = zip(*rounds, strict=True)
    ratios = tuple(command / baseline for baseline, command in rounds)
    return Result(
        comparison.name, comparison.limit, ratios, median(baselines) * 1000, median(commands) * 1000
    )


def _seconds(comparison: Comparison, command: Sequence[str]) -> float:
    environment = {"PATH": os.environ.get("PATH", ""), **comparison.environment}
    comparison.prepare()
    began = perf_counter()
    run = subprocess.run(
        command, cwd=comparison.folder, env=environment, capture_output=True, text=True, check=False
    )
    seconds = perf_counter() - began
    if run.returncode not in comparison.accepts:
        raise RuntimeError(f"{' '.join(command)}: exit {run.returncode}: {run.stderr or run.stdout}")
    return seconds
