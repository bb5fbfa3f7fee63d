"""Whether the process behind a lock still lives: "gone" is said only when it is certain."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from operations.processes import ProcessMark, is_gone, this_process


@pytest.fixture
def other():
    """The mark of a process that lives until the test ends it."""
    child = subprocess.Popen([sys.executable, "-c", "print(flush=True); input()"], stdin=-1, stdout=-1)
    assert child.stdout is not None
    child.stdout.readline()
    start = (
        open(f"/proc/{child.pid}/stat").read().rpartition(")")[2].split()[19]  # noqa: SIM115, PTH123
    )
    head = this_process().process.rpartition("/")[0]
    yield child, replace(this_process(), pid=child.pid, process=f"{head}/{start}")
    child.kill()
    child.communicate()


def test_this_process_lives() -> None:
    assert not is_gone(this_process())


def test_another_process_is_gone_once_killed_even_before_its_parent_notices(other) -> None:
    child, mark = other
    assert not is_gone(mark)
    child.kill()
    while open(f"/proc/{child.pid}/stat").read().rpartition(")")[2].split()[0] != "Z":  # noqa: SIM115, PTH123
        pass
    assert is_gone(mark)
    child.wait()
    assert is_gone(mark)


def test_a_pid_that_was_given_to_another_process_is_seen(other) -> None:
    _, mark = other
    earlier = mark.process.rpartition("/")[0] + "/1"
    assert is_gone(replace(mark, process=earlier))


def test_a_restart_of_the_machine_ends_every_process() -> None:
    machine, _, namespace, start = this_process().process.split("/")
    before = f"{machine or 'm'}/0ld/{namespace}/{start}"
    assert is_gone(replace(this_process(), process=before)) == bool(machine)


@pytest.mark.parametrize(
    "mark",
    [
        ProcessMark("elsewhere", 1, this_process().process),
        replace(this_process(), process="other machine/other boot/1/1"),
        replace(
            this_process(),
            pid=4_000_000,
            process="/".join([*this_process().process.split("/")[:2], "1", "1"]),
        ),
        replace(this_process(), process="not a mark"),
    ],
    ids=["another host", "another machine of that name", "another container", "unknown form"],
)
def test_what_cannot_be_told_counts_as_alive(mark: ProcessMark) -> None:
    assert not is_gone(mark)
