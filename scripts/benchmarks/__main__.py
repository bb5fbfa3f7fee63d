"""`scripts/bench [--rows N] [NOUN ...]`: run the benchmarks named, or all, and print their ratios as a table.
Exit 1 when one is over its limit or could not be measured."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from statistics import median

from scripts.benchmarks.comparison import Comparison, Result, measure
from tests.servers.cache import Unavailable

HELPERS = (
    "__init__",
    "__main__",
    "background_work",
    "backup_data",
    "backup_work",
    "comparison",
    "databases",
    "list_data",
    "list_load",
    "list_rival",
    "viewers",
)
COLUMNS = "{:<34} {:>9} {:>9} {:>7} {:>7} {:>7} {:>7}  {}"


def main(given: list[str]) -> int:
    parser = ArgumentParser("scripts/bench", description="Measure what has a limit.")
    parser.add_argument("nouns", nargs="*", metavar="NOUN", help="what to measure; all")
    parser.add_argument(
        "--rows",
        type=int,
        metavar="N",
        help="rows: 5,000,000 of backups, 1,000,000 users of lists and of seeding",
    )
    options = parser.parse_args(given)
    if options.rows:
        os.environ["BENCH_ROWS"] = str(options.rows)
    return run(options.nouns)


def run(nouns: list[str]) -> int:
    """Run those benchmarks; gives the exit code."""
    known = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in HELPERS)
    if unknown := [noun for noun in nouns if noun not in known]:
        print(f"Error: There is no benchmark {', '.join(unknown)}. Try: {', '.join(known)}", file=sys.stderr)
        return 2
    print(COLUMNS.format("ratio of", "base, ms", "ours, ms", "min", "median", "max", "limit", ""))
    results = [_run(noun) for noun in nouns or known]
    return 0 if all(results) else 1


def _run(noun: str) -> bool:
    """True when all of `noun` could be measured and is within its limits."""
    within = True
    try:
        for one in import_module(f"scripts.benchmarks.{noun}").comparisons():
            result = measure(one) if isinstance(one, Comparison) else one
            print(_line(result), flush=True)
            within = within and result.within_limit
    except (RuntimeError, Unavailable) as error:
        print(f"Error: {noun} could not be measured. {error}", file=sys.stderr)
        return False
    return within


def _line(result: Result) -> str:
    return COLUMNS.format(
        result.name,
        f"{result.baseline_milliseconds:.1f}",
        f"{result.command_milliseconds:.1f}",
        *(f"{summary(result.ratios):.2f}" for summary in (min, median, max)),
        f"{result.limit:g}",
        "within" if result.within_limit else "OVER",
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
