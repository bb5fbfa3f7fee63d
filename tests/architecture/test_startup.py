"""Starting is quick and quiet: importing opens nothing, and a tool loads only what its command needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.architecture.house import ROOT, source_files

HEAVY = ("flask", "sqlalchemy", "alembic", "rich", "psycopg2", "pymysql")


def loaded_after(code: str) -> set[str]:
    """The top-level modules loaded once `code` has run in a process of its own."""
    script = f"import sys; sys.argv = ['tool', '--help']\n{code}\nprint(' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in run.stdout.split()}


@pytest.mark.parametrize("tool", ["manage", "migrate"])
def test_help_loads_no_heavy_library(tool: str) -> None:
    assert not loaded_after(f"import cli.{tool}") & set(HEAVY)


def test_the_library_face_is_light_until_used() -> None:
    assert not loaded_after("from database import init_database, db_manager") & {"flask", "alembic"}


def test_importing_any_module_opens_and_writes_nothing() -> None:
    """No socket, no file opened for writing, no process: an audit hook watches while all is imported."""
    modules = [
        str(path.relative_to(ROOT).with_suffix("")).replace("/", ".")
        for path in source_files()
        if path.name != "__main__.py"
    ]
    code = f"""
import importlib, sys
import sqlalchemy, flask, alembic, flask_migrate, psycopg2, pymysql, ctypes, uuid
seen = []
def watch(event, details):
    if event in ("socket.connect", "socket.bind", "subprocess.Popen", "sqlite3.connect", "os.mkdir"):
        seen.append((event, str(details)))
    elif event == "open" and isinstance(details[1], str) and set(details[1]) & set("wax+"):
        if "__pycache__" not in str(details[0]):
            seen.append((event, str(details)))
sys.addaudithook(watch)
for name in {modules!r}:
    importlib.import_module(name.removesuffix(".__init__"))
assert not seen, seen
"""
    run = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
