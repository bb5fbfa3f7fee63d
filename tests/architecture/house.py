"""The source files of the house, for the tests that look at how it is built."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "models", "database", "operations", "features", "web", "cli", "jobs")
DOORS = ("app.py", "manage_db.py", "migrate.py", "db_health_check.py")


def source_files(*packages: str) -> list[Path]:
    """Every Python file of `packages` (default: all of ours), the doors included by default."""
    found = [path for package in packages or PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return found if packages else found + [ROOT / door for door in DOORS]


def all_files() -> list[Path]:
    """The same, with the tests and scripts."""
    return [
        *source_files(),
        *sorted((ROOT / "tests").rglob("*.py")),
        *sorted((ROOT / "scripts").rglob("*.py")),
    ]


def trees(files: list[Path]) -> Iterator[tuple[str, ast.Module]]:
    """Each file's path from the root, with its syntax tree."""
    for path in files:
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Every call in `tree`, with what is called as written: "os.system", "eval"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)
