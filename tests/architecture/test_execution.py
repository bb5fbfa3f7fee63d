"""What must not be in the tree (TRUST X1, X6, S6, D11): shells, evaluation, pickles, unpacked archives,
and broad handlers outside the four boundaries."""

from __future__ import annotations

import ast

from tests.architecture.house import calls, source_files, trees

FORBIDDEN_CALLS = {"eval", "exec", "os.system", "os.popen", "shutil.unpack_archive", "yaml.load"}
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "tarfile", "zipfile", "commands", "pty"}
STARTING_CALLS = ("os.exec", "os.spawn", "os.posix_spawn", "os.fork")
BOUNDARIES = {"web/errors.py", "cli/runtime.py", "operations/runner.py", "features/health.py"}


def test_nothing_is_evaluated_and_no_shell_is_started() -> None:
    found = [
        f"{name}:{call.lineno} {called}"
        for name, tree in trees(source_files())
        for call, called in calls(tree)
        if called in FORBIDDEN_CALLS or any(word.arg == "shell" for word in call.keywords)
    ]
    assert not found


def test_no_module_that_runs_what_it_reads() -> None:
    found = [f"{name} {module}" for name, tree in trees(source_files()) for module in _imported(tree)]
    assert not [line for line in found if line.split()[1] in FORBIDDEN_MODULES]


def test_programs_are_started_in_one_module_only() -> None:
    starters = {name for name, tree in trees(source_files()) if "subprocess" in _imported(tree)}
    assert starters <= {"database/tools.py"}
    others = {
        name
        for name, tree in trees(source_files())
        for _, call in calls(tree)
        if call.startswith(STARTING_CALLS)
    }
    assert others <= {"database/tool_start.py"}


def test_everything_is_caught_at_the_four_boundaries_only() -> None:
    broad = [
        f"{name}:{node.lineno}"
        for name, tree in trees(source_files())
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and _is_broad(node) and name not in BOUNDARIES
    ]
    assert not broad


def test_nothing_prints_outside_the_command_line() -> None:
    found = [
        f"{name}:{call.lineno}"
        for name, tree in trees(source_files())
        for call, called in calls(tree)
        if called == "print" and not name.startswith("cli/")
    ]
    assert not found


def _imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


def _is_broad(node: ast.ExceptHandler) -> bool:
    """Catches everything and keeps it; one that cleans up and raises it again is no boundary."""
    catches_all = node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException")
    last = node.body[-1]
    return catches_all and not (isinstance(last, ast.Raise) and last.exc is None)
