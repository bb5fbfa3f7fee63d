"""What every test can ask for: a real server of each kind, a fresh database, and an environment without
anyone's settings."""

from __future__ import annotations

import gc
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import load_dotenv

from core.variables import NAMES
from tests import selection
from tests.schema_templates import SchemaTemplates
from tests.servers import (
    DIALECTS,
    Fleet,
    Missing,
    PrivateServer,
    Server,
    Unavailable,
    available,
    chromium,
    running,
)
from tests.servers.cache import prefer_memory

# A test must never meet a developer's real database: every setting of ours is forgotten, and what the
# client libraries would take by themselves (PGHOST, MYSQL_PWD).
_AMBIENT = ("PG", "MYSQL_")
_CHOICE = (*DIALECTS, chromium.NAME)
_FLEET = pytest.StashKey[Fleet]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("servers")
    group.addoption("--servers", default=",".join(_CHOICE), help="servers to use (default: %(default)s)")
    group.addoption("--require-servers", default="", help="servers without which the run fails, with commas")
    selection.add_option(parser)
    group.addoption(
        "--env-file", help="file of variables (TEST_POSTGRESQL_URL=...) read before anything else"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers in the process that controls the run; workers read of them in the environment."""
    for name in _settings_left():
        del os.environ[name]
    prefer_memory()
    if hasattr(config, "workerinput"):
        return
    if config.option.env_file:
        if not Path(config.option.env_file).is_file():
            raise pytest.UsageError(f"--env-file: there is no file {config.option.env_file}")
        load_dotenv(config.option.env_file, override=True)
    if config.option.help or config.option.collectonly or config.option.markers or config.option.showfixtures:
        return
    wanted, required = _names(config, "servers"), _names(config, "require_servers")
    config.stash[_FLEET] = fleet = Fleet()
    config.add_cleanup(fleet.stop)
    chosen = dict.fromkeys([*wanted, *required])
    fleet.start([name for name in chosen if name in DIALECTS])
    chromium.hand_on(wanted=chromium.NAME in chosen)
    if missing := [line for name, line in _lines().items() if name in required and " missing: " in line]:
        raise pytest.UsageError(f"--require-servers: {'; '.join(missing)}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    selection.leave_out(config, items)
    selection.put_long_ones_first(items)


def pytest_collection_finish() -> None:
    """What is loaded by now stays; a collector that does not look at it again saves a tenth of the time."""
    gc.collect()
    gc.freeze()


def pytest_report_header(config: pytest.Config) -> list[str]:
    return [f"server: {line}" for line in _lines().values()] if _FLEET in config.stash else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if _FLEET in config.stash:
        terminalreporter.section("servers")
        for line in _lines().values():
            terminalreporter.write_line(line)
        if not config.option.thorough:
            terminalreporter.write_line(selection.LEFT_OUT)
    # scripts/test runs the linters first; its last words are pytest's, so theirs are repeated here.
    if failed := os.environ.get("FAILED_CHECKS"):
        terminalreporter.write_line(f"failed before the tests: {failed}", red=True)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test sets by hand does not reach the next."""
    for name in _settings_left():
        monkeypatch.delenv(name)


@pytest.fixture(scope="session", params=DIALECTS)
def server(request: pytest.FixtureRequest) -> Server:
    """The same test on each kind of server; skipped with the reason where one is missing."""
    one = available()[request.param]
    if isinstance(one, Missing):
        pytest.skip(_line(one.dialect, one))
    return one


@pytest.fixture(autouse=True)
def _only_with_capability(request: pytest.FixtureRequest) -> None:
    """Keep `@pytest.mark.requires(Capability.X)`: the adapter of the test's server says what it can."""
    wanted = [capability for mark in request.node.iter_markers("requires") for capability in mark.args]
    if not wanted:
        return
    from core.connection import Dialect
    from database.adapters import adapter_class

    dialect = request.getfixturevalue("server").dialect
    lacking = [one.name for one in wanted if one not in adapter_class(Dialect(dialect)).capabilities]
    if lacking:
        pytest.skip(f"{dialect} does not have {', '.join(lacking)}")


@pytest.fixture
def database_url(server: Server) -> Iterator[str]:
    """A fresh empty database, dropped afterwards."""
    url = server.create_database()
    yield url
    server.drop_database(url)
    _forget_queue(url)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SchemaTemplates]:
    """`templates.copy_into(url)` gives an empty database the schema of now."""
    servers = {name: one for name, one in available().items() if isinstance(one, Server)}
    one = SchemaTemplates(tmp_path_factory.mktemp("templates"), servers)
    yield one
    one.drop()


@pytest.fixture
def schema_url(database_url: str, templates: SchemaTemplates) -> str:
    """A fresh database with the schema of now."""
    templates.copy_into(database_url)
    return database_url


@pytest.fixture
def sqlite_schema_url(sqlite_url: str, templates: SchemaTemplates) -> str:
    """The URL of a new SQLite file with the schema of now."""
    templates.copy_into(sqlite_url)
    return sqlite_url


@pytest.fixture
def private_server(server: Server) -> Iterator[PrivateServer]:
    """A server of the test's own, of the same kind, that it may stop, kill or hang."""
    try:
        with running(server.dialect) as one:
            yield one
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / f'{secrets.token_hex(4)}.db'}"


def _forget_queue(url: str) -> None:
    """What rang for the operations of a database on a server lies in a file of the tree."""
    from core.connection import parse_url
    from operations.queue_place import place_of

    place_of(parse_url(url)).file.unlink(missing_ok=True)


def _settings_left() -> list[str]:
    return [name for name in os.environ if name in NAMES or name.startswith(_AMBIENT)]


def _names(config: pytest.Config, option: str) -> list[str]:
    names = [name for name in config.getoption(option).split(",") if name]
    if unknown := [name for name in names if name not in _CHOICE]:
        raise pytest.UsageError(f"no such server: {', '.join(unknown)}")
    return names


def _lines() -> dict[str, str]:
    servers = {name: _line(name, one) for name, one in available().items()}
    return {**servers, chromium.NAME: chromium.line(chromium.handed_on())}


def _line(dialect: str, one: Server | Missing) -> str:
    if isinstance(one, Missing):
        return f"{dialect} missing: {one.reason}"
    return f"{dialect} {one.version}" + ("" if one.ours else " (named by the user)")
