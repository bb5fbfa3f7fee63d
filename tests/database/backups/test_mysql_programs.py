"""The programs that dump and load MySQL and MariaDB: found, chosen, told what they need and no more, and what
happens when they lie, hang or die (TRUST B9, C5, K1, K2, X3, F3, F13, F14, F19)."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.connection import TlsMode
from core.errors import AppError, BackupIncompatible, ToolFailed, ToolMissing
from core.progress import Operation
from database.adapters.backup import name_for
from database.adapters.base import ServerVersion
from database.adapters.mysql.client_programs import Program, client_program, dump_program
from database.adapters.mysql.flavour import Flavour
from database.adapters.mysql.loading import _OPTIONS
from database.adapters.mysql.mariadb_backup import MariaDBFlavour
from tests.database.adapters.imposters import imposter, mysql_that_wants_a_file
from tests.database.backups.mysql_ground import (
    Ground,
    accounts,
    at_failpoints,
    make_wide,
    sessions_of,
    source_of,
    take,
)

DUMPERS = {"mariadb": "mariadb-dump", "mysql": "mysqldump"}
CLIENTS = {"mariadb": "mariadb", "mysql": "mysql"}
FLAVOURS = {"mariadb": MariaDBFlavour(), "mysql": Flavour()}


def test_a_program_that_is_killed_fails_the_dump(ground: Ground, tmp_path: Path) -> None:
    """F3: from outside, in the middle of its work."""
    make_wide(ground)
    folder = real_program(ground, DUMPERS[ground.server.dialect], tmp_path, f"echo $$ > '{tmp_path}/pid'")

    killed = list[str]()

    def kill(name: str) -> None:
        if name == "dump.block" and not killed:
            killed.append(name)
            os.killpg(os.getpgid(int((tmp_path / "pid").read_text())), signal.SIGKILL)

    with pytest.raises(ToolFailed, match="SIGKILL"), at_failpoints(kill):
        take(ground.adapter(means=replace(ground.means, tools_path=folder)))
    assert sessions_of(ground) == []


def test_no_secret_and_no_name_among_the_arguments(ground: Ground, tmp_path: Path) -> None:
    """K1, K2, X3: what a look at the list of processes shows."""
    folder = real_program(
        ground,
        DUMPERS[ground.server.dialect],
        tmp_path,
        f"""printf '%s\\n' "$@" > '{tmp_path}/argv'; env > '{tmp_path}/env'""",
    )
    take(ground.adapter(means=replace(ground.means, tools_path=folder)))
    first, *options = (tmp_path / "argv").read_text().splitlines()
    assert first.startswith("--defaults-file=") and options[-2:] == ["--", ground.live]
    for text in ((tmp_path / "argv").read_text(), (tmp_path / "env").read_text()):
        assert ground.parameters.password not in text and ground.parameters.user not in text
    assert not Path(first.partition("=")[2]).exists()


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("mysqldump  Ver 5.7.1 for Linux", "there is 5.7.1"),
        ("mariadb-dump  Ver 10.19 Distrib 10.1.48-MariaDB, for Linux", "there is 10.1.48"),
        ("pg_dump (PostgreSQL) 16.1", "what is there is of another make"),
    ],
)
def test_a_program_of_another_time_is_refused(
    ground: Ground, tmp_path: Path, version: str, said: str
) -> None:
    """B9, F13: before anything is locked."""
    folder = script(DUMPERS[ground.server.dialect], tmp_path, f"echo '{version}'")
    with pytest.raises(BackupIncompatible, match="No m.*dump here fits M") as raised:
        take(ground.adapter(means=replace(ground.means, tools_path=folder + ":/nowhere")))
    if (ground.server.dialect == "mariadb") is ("MariaDB" in version) and "pg_" not in version:
        assert said in raised.value.message


def test_a_program_that_is_not_there_is_named(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """F14."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ToolMissing, match=f"{DUMPERS[ground.server.dialect]} is not installed"):
        take(ground.adapter(means=replace(ground.means, tools_path="/nowhere")))


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("printf 'CREATE TABLE `x`;\\n'", "ends before its end"),
        ("exit 2", "exit code 2"),
        ("echo 'no room' >&2; exit 1", "no room"),
        ("sleep 60", "moved no byte"),
    ],
)
def test_a_program_that_lies_or_hangs(ground: Ground, tmp_path: Path, rest: str, said: str) -> None:
    """F19: exit 0 with a short file, floods, silence."""
    version = "Ver 99.1.1" if ground.server.dialect == "mysql" else "99.1.1-MariaDB"
    folder = script(
        DUMPERS[ground.server.dialect],
        tmp_path,
        f'[ "$1" = --version ] && echo "{version}" && exit 0; {rest}',
    )
    means = replace(ground.means, tools_path=folder, command_timeout=2.0)
    with pytest.raises(AppError, match=said):
        take(ground.adapter(means=means))


def test_a_client_that_is_killed_fails_the_restore(ground: Ground, tmp_path: Path) -> None:
    """F3: in the middle; nothing of it is left once it is dropped."""
    make_wide(ground)
    data, manifest = take(ground.adapter())
    folder = real_program(ground, CLIENTS[ground.server.dialect], tmp_path, f"echo $$ > '{tmp_path}/pid'")
    adapter = ground.adapter(means=replace(ground.means, tools_path=folder))
    blocks: list[str] = []

    def kill(name: str) -> None:
        blocks.append(name)
        if name == "load.block" and blocks.count(name) == 8:
            os.killpg(os.getpgid(int((tmp_path / "pid").read_text())), signal.SIGKILL)

    place = adapter.create_place(op := ground.op(), name_for("new", op))
    with pytest.raises(ToolFailed, match="SIGKILL"), at_failpoints(kill):
        adapter.load(op, source_of(data, manifest), place)
    adapter.drop(op, place.name)
    assert place.name not in ground.names() and accounts(ground, op) == []


def test_a_client_that_is_not_there_is_named_before(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """F14: an obstacle in the preview, and an error of the restore."""
    data, manifest = take(ground.adapter())
    monkeypatch.setenv("PATH", "/nowhere")
    adapter = ground.adapter(means=replace(ground.means, tools_path="/nowhere"))
    [obstacle] = [one for one in adapter.obstacles(source_of(data, manifest)) if one.is_fatal]
    assert obstacle.message == f"{CLIENTS[ground.server.dialect]} is not installed."
    place = adapter.create_place(op := ground.op(), name_for("new", op))
    with pytest.raises(ToolMissing):
        adapter.load(op, source_of(data, manifest), place)


@pytest.mark.parametrize("choose", [dump_program, client_program])
def test_a_server_that_asks_for_a_file_gets_none(
    ground: Ground, tmp_path: Path, choose: Callable[..., Program]
) -> None:
    """C5: neither from the dump program nor from the client."""
    flavour = FLAVOURS[ground.server.dialect]
    chosen = choose(Operation(), ground.means, flavour, ServerVersion("any", "0", (0, 0)))
    (tmp_path / "sql").write_text("SELECT 1;\n")
    with imposter(mysql_that_wants_a_file) as one, (tmp_path / "sql").open("rb") as stdin:
        wrong = replace(ground.parameters, port=one.port, host="127.0.0.1", tls_mode=TlsMode.DISABLE)
        with pytest.raises(ToolFailed):
            options = ["--", "x"] if choose is dump_program else list(_OPTIONS)
            chosen.run(Operation(), wrong, ground.means, options, stdin=stdin)
    assert b"root:" not in one.received


def real_program(ground: Ground, name: str, tmp_path: Path, first: str) -> str:
    """Folders with that program, which does something else first, and the others."""
    real = Path(ground.server.tools or "/usr/bin") / name
    run = f"""[ "$1" = --version ] || {{ {first}; }}; exec '{real}' "$@" """
    return f"{script(name, tmp_path, run)}:{ground.server.tools}"


def script(name: str, tmp_path: Path, text: str) -> str:
    """A folder with a script under that name."""
    path = tmp_path / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(stat.S_IRWXU)
    return str(path.parent)
