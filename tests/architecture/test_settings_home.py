"""Only the settings read the environment."""

from __future__ import annotations

import ast

from tests.architecture.house import source_files, trees

# gunicorn names itself there, and only the server's own start asks; NO_COLOR is a convention of terminals.
ALLOWED = {"web/starting.py"}


def test_only_core_reads_the_environment() -> None:
    readers = {
        name
        for name, tree in trees(source_files())
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv", "os.environb")
    }
    assert {name for name in readers if not name.startswith("core/")} <= ALLOWED
