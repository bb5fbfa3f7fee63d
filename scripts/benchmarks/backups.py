"""Backups and restores of PostgreSQL, side by side with pg_dump and pg_restore on the same server: 5 million
rows of a log and a fifth as many users, about 1 GB with their indexes; `--rows` takes fewer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import unquote, urlsplit

from pyrage import x25519

from scripts.benchmarks.backup_data import DATA
from scripts.benchmarks.comparison import Result
from scripts.benchmarks.databases import server_of
from tests.servers.server import Server

ROWS = 5_000_000
ROUNDS = 3
WORK = "scripts.benchmarks.backup_work"
MEMORY = 150_000_000  # bytes that one of our processes may hold
DATABASE = "bench_backups"
_COPY = "bench_copy"


@dataclass(frozen=True)
class Run:
    """One run of ours: its seconds, the bytes of memory it held, those of disk it took, the backup's name."""

    seconds: float
    peak: int
    size: int = 0
    backup: str = ""


@dataclass(frozen=True)
class Round:
    """One round: pg_dump, then ours with counted rows, encrypted, and with hashed contents."""

    base: float
    rows: Run
    encrypted: Run
    contents: Run


@dataclass(frozen=True)
class Bench:
    """The server with the data, and a folder to work in."""

    server: Server
    url: str
    folder: Path

    def base(self, program: str, *options: str) -> float:
        """Seconds that a program of PostgreSQL takes."""
        parts = urlsplit(self.url)
        where = {"PGHOST": parts.hostname or "", "PGPORT": str(parts.port), "PGUSER": parts.username or ""}
        secret = {"PGPASSWORD": unquote(parts.password or "")}
        command = [str(Path(self.server.tools) / program), *options]
        return _timed(command, where | secret)[0]

    def ours(self, *arguments: str, **settings: str) -> Run:
        """One run of ours. Raises RuntimeError when it fails."""
        given = {"DATABASE_URL": self.url, "CLIENT_TOOLS_PATH": self.server.tools, "DB_MAX_RETRIES": "0"}
        given |= {"BACKUP_DIR": str(self.folder / "backups"), **settings}
        said = _timed([sys.executable, "-m", WORK, *arguments], given)[1]
        return Run(**json.loads(said))

    def drop_copy(self) -> None:
        """Drop what a restore made."""
        self.server.drop_database(_named(self.url, _COPY))


def comparisons() -> Iterator[Result]:
    """Backups against pg_dump -Fc with its defaults, restores against pg_restore -j2 of a directory."""
    rows = int(os.environ.get("BENCH_ROWS", ROWS))
    with server_of("postgresql") as server, tempfile.TemporaryDirectory() as folder:
        url = server.create_database(DATABASE)
        server.execute(url, *(one.format(rows=rows, users=max(rows // 5, 1)) for one in DATA))
        bench = Bench(server, url, Path(folder))
        file = bench.folder / "base.dump"
        rounds = [_back_up(bench, file) for _ in range(ROUNDS)]
        yield from _backups(rounds, file.stat().st_size)
        restores = list(_restore(bench, rounds[-1].rows.backup))
        yield _ratio("restore / pg_restore -j2", 1.1, restores)
        runs = [run for one in rounds for run in (one.rows, one.encrypted, one.contents)]
        peaks = tuple(run.peak / MEMORY for run in (*runs, *(ours for _, ours in restores)))
        yield Result("peak memory / 150 MB (MB)", 1.0, (max(peaks),), MEMORY / 1e6, max(peaks) * MEMORY / 1e6)


def _back_up(bench: Bench, file: Path) -> Round:
    base = bench.base("pg_dump", "-Fc", f"--file={file}", DATABASE)
    key = str(x25519.Identity.generate().to_public())
    return Round(
        base,
        bench.ours("take", "rows"),
        bench.ours("take", "rows", BACKUP_ENCRYPTION_KEY=key),
        bench.ours("take", "contents"),
    )


def _backups(rounds: Sequence[Round], base_size: int) -> Iterator[Result]:
    yield _ratio("backup, rows / pg_dump -Fc", 0.5, [(one.base, one.rows) for one in rounds])
    yield _ratio("backup, contents / pg_dump -Fc", 0.7, [(one.base, one.contents) for one in rounds])
    yield _ratio("backup, encrypted / plain", 1.2, [(one.rows.seconds, one.encrypted) for one in rounds])
    size = rounds[-1].rows.size
    yield Result("size on disk / pg_dump -Fc (MB)", 1.0, (size / base_size,), base_size / 1e6, size / 1e6)


def _restore(bench: Bench, backup: str) -> Iterator[tuple[float, Run]]:
    directory = str(bench.folder / "directory")
    bench.base("pg_dump", "-Fd", "-j2", f"--file={directory}", DATABASE)
    for _ in range(ROUNDS):
        bench.drop_copy()
        bench.server.create_database(_COPY)
        base = bench.base("pg_restore", "-j2", f"--dbname={_COPY}", directory)
        bench.drop_copy()
        yield base, bench.ours("load", backup, _COPY)


def _ratio(name: str, limit: float, pairs: Sequence[tuple[float, Run]]) -> Result:
    ratios = tuple(run.seconds / base for base, run in pairs)
    base, ours = (
        median(one) * 1000 for one in zip(*((base, run.seconds) for base, run in pairs), strict=True)
    )
    return Result(name, limit, ratios, base, ours)


def _timed(command: Sequence[str], environment: dict[str, str]) -> tuple[float, str]:
    began = perf_counter()
    run = subprocess.run(
        command, env={"PATH": os.environ["PATH"], **environment}, capture_output=True, text=True, check=False
    )
    seconds = perf_counter() - began
    if run.returncode:
        raise RuntimeError(f"{command[0]}: exit {run.returncode}: {run.stderr or run.stdout}")
    return seconds, run.stdout


def _named(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()
