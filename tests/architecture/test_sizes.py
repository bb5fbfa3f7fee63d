"""Files stay small: none over 300 lines, the median under 120; functions at most 25 lines."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median

from tests.architecture.house import all_files, source_files, trees


def test_no_file_passes_300_lines() -> None:
    long = {str(path): lines for path in all_files() if (lines := _lines(path)) > 300}
    assert not long


def test_the_median_file_is_under_120_lines() -> None:
    assert median(_lines(path) for path in source_files()) < 120


def test_functions_have_at_most_25_lines_of_code() -> None:
    long = [
        f"{name}:{node.lineno} {node.name} has {length}"
        for name, tree in trees(source_files())
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and (length := _length(node)) > 25
    ]
    assert not long


def test_every_module_says_what_it_is_for() -> None:
    silent = [name for name, tree in trees(source_files()) if not ast.get_docstring(tree)]
    assert not silent


def _lines(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")


def _length(node: ast.FunctionDef) -> int:
    """Lines of the body, the docstring left out."""
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    return (node.end_lineno or 0) - first.lineno + 1
