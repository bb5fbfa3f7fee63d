"""What no restore may ever do (TRUST B11, D4): empty a live database first, run a script, hide rows."""

from __future__ import annotations

import ast

from database.tools import Tool
from tests.architecture.house import source_files, trees

_NEVER = ("--clean", "--if-exists", "--enable-row-security")


def test_no_option_that_destroys_or_hides_is_given_to_a_program() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees(source_files())
        if not name.startswith("cli/")  # which starts no program, and whose options are people's
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(_NEVER)
    ]
    assert not found


def test_no_shell_that_goes_on_after_errors_may_be_started() -> None:
    assert not {"psql", "sqlite3"} & {tool.program for tool in Tool}
