"""Reading the migrations without Alembic, and what a target names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import InvalidInput, MigrationError, SchemaTooNew
from database.revisions import (
    Revision,
    Target,
    find_target,
    head_revision,
    known_revisions,
    pending_revisions,
    target_position,
)

LINE = (
    Revision("abc1", None, "abc1_first"),
    Revision("abc2", "abc1", "abc2_second"),
    Revision("def3", "abc2", "def3_third"),
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder of migrations whose names sort in another order than their line."""
    write(tmp_path, "zz_first", "zz", None)
    write(tmp_path, "aa_second", "aa", "zz")
    write(tmp_path, "mm_third", "mm", "aa")
    return tmp_path


def write(tree: Path, name: str, revision: str, down: str | None) -> None:
    (tree / "versions").mkdir(exist_ok=True)
    (tree / "versions" / f"{name}.py").write_text(f"revision: str = {revision!r}\ndown_revision = {down!r}\n")


def test_our_own_line_begins_with_the_baseline() -> None:
    first = known_revisions()[0]
    assert first.down_id is None
    assert first.name == f"{first.id}_baseline"


def test_migrations_come_oldest_first(tree: Path) -> None:
    assert [revision.id for revision in known_revisions(tree)] == ["zz", "aa", "mm"]
    assert head_revision(tree) == "mm"


def test_pending_is_what_comes_after(tree: Path) -> None:
    assert [revision.id for revision in pending_revisions((), tree)] == ["zz", "aa", "mm"]
    assert [revision.name for revision in pending_revisions(("aa",), tree)] == ["mm_third"]
    assert pending_revisions(("mm",), tree) == ()


def test_an_unknown_revision_means_a_newer_database(tree: Path) -> None:
    with pytest.raises(SchemaTooNew, match="ffff"):
        pending_revisions(("ffff",), tree)


def test_a_fork_is_refused(tree: Path) -> None:
    write(tree, "nn_other", "nn", "aa")
    with pytest.raises(MigrationError, match="one line"):
        known_revisions(tree)


def test_a_gap_is_refused(tree: Path) -> None:
    (tree / "versions" / "aa_second.py").unlink()
    with pytest.raises(MigrationError, match="one line"):
        known_revisions(tree)


def test_a_file_that_names_no_revision_is_refused(tree: Path) -> None:
    (tree / "versions" / "stray.py").write_text("answer = 42\n")
    with pytest.raises(MigrationError, match=r"stray\.py"):
        known_revisions(tree)


def test_no_migrations_have_no_head(tmp_path: Path) -> None:
    assert known_revisions(tmp_path) == ()
    assert head_revision(tmp_path) == ""
    assert find_target("head", ()) == Target(revision="base")


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("head", Target(revision="def3")),
        ("base", Target(revision="base")),
        ("abc1", Target(revision="abc1")),
        ("d", Target(revision="def3")),
        ("+2", Target(steps=2)),
        ("-1", Target(steps=-1)),
    ],
)
def test_a_target_names_a_place(text: str, target: Target) -> None:
    assert find_target(text, LINE) == target


@pytest.mark.parametrize(
    "text", ["", "abc", "nope", "+", "-", "+0", "-0", "+1x", "+ 1", "+²", "+9999999999", "%", "a'b"]
)
def test_a_target_that_names_nothing_or_too_much_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        find_target(text, LINE)


def test_an_ambiguous_beginning_names_what_it_could_be() -> None:
    with pytest.raises(InvalidInput, match="abc1, abc2"):
        find_target("abc", LINE)


def test_steps_count_from_where_the_database_is() -> None:
    assert target_position(Target(steps=2), 1, LINE) == 3
    assert target_position(Target(steps=-1), 1, LINE) == 0
    assert target_position(Target(revision="abc2"), 3, LINE) == 2


@pytest.mark.parametrize("steps", [-2, 3])
def test_steps_beyond_the_ends_are_refused(steps: int) -> None:
    with pytest.raises(InvalidInput, match="beyond"):
        target_position(Target(steps=steps), 1, LINE)


def test_neither_revisions_nor_the_package_load_a_library() -> None:
    """ARCHITECTURE section 8: the health door reads revisions without Alembic, SQLAlchemy or Flask."""
    program = (
        "import sys, database.adapters, database.revisions\nfrom database import db_manager, init_database\n"
        "database.revisions.known_revisions()\n"
        "print(*({'alembic', 'sqlalchemy', 'flask', 'psycopg2', 'pymysql'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_annotations_comments_and_either_quote_are_read(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "one.py").write_text(
        "revision: str = 'a1'  # first\ndown_revision: str | None = None\n"
    )
    (tmp_path / "versions" / "two.py").write_text(
        'revision="b2"\ndown_revision = "a1"\nbranch_labels = None\n'
    )
    assert [(one.id, one.down_id) for one in known_revisions(tmp_path)] == [("a1", None), ("b2", "a1")]
