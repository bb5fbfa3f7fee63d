"""In which order tests are run, and which are left to the thorough run: what is above the adapters, features,
journeys, pages and the start, asks the same of each kind of server, and takes minutes on each. There one kind
does, but for tests that are marked `every_server`."""

from __future__ import annotations

import pytest

from core.connection import Dialect
from database.adapters import adapter_class

_ABOVE = (
    "tests/features/",
    "tests/jobs/",
    "tests/journeys/",
    "tests/web/",
    "tests/browser/",
    "tests/test_scripts/",
    "tests/database/test_context.py",
    "tests/database/test_manager.py",
)
_LONG = ("tests/test_scripts/", "tests/web/test_start.py", "tests/web/test_hostile")
LEFT_OUT = (
    "Features, journeys, pages and the start ran on one kind of server, but for those marked every_server;"
    " --thorough: on each."
)


def add_option(parser: pytest.Parser) -> None:
    """`--thorough`: all tests on all servers."""
    parser.getgroup("servers").addoption(
        "--thorough",
        action="store_true",
        help="run all tests on every server, not some on one",
    )


def leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take from `items` those that the usual run does without. Asked for by name, they stay."""
    if config.option.thorough or any("::" in argument for argument in config.args):
        return
    left_out = [item for item in items if not _is_usual(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if _is_usual(item)]


def put_long_ones_first(items: list[pytest.Item]) -> None:
    """What takes a minute begins first: at the end all the others would wait for it."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


def _is_usual(item: pytest.Item) -> bool:
    dialect = _dialect(item)
    if not dialect or not item.nodeid.startswith(_ABOVE) or item.get_closest_marker("every_server"):
        return True
    return dialect == _one_that_does(item)


def _dialect(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    return str(callspec.params.get("server", "")) if callspec else ""


def _one_that_does(item: pytest.Item) -> str:
    """SQLite, which is fast; PostgreSQL where SQLite lacks what the test requires."""
    wanted = {capability for mark in item.iter_markers("requires") for capability in mark.args}
    return Dialect.SQLITE if wanted <= adapter_class(Dialect.SQLITE).capabilities else Dialect.POSTGRESQL
