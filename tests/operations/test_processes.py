"""Whether the process behind a lock still lives: "gone" is said only when it is certain."""

from __future__ import annotations

import subprocess
import sys
from ast import literal_eval
from dataclasses import replace

import pytest

from operations.processes import ProcessMark, is_alive, is_gone, this_process

SHOW_MARK = """
from dataclasses import astuple
from operations.processes import this_process
print(astuple(this_process()), flush=True)
input()
"""


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
    assert is_alive(this_process())


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
    before = replace(this_process(), process=f"{machine or 'm'}/0ld/{namespace}/{start}")
    assert is_gone(before) == bool(machine)
    assert not is_gone(replace(before, host="elsewhere"))  # two machines made of one image


def test_a_container_that_was_renamed_is_known_by_its_kernel(other) -> None:
    child, mark = other
    machine, boot, namespace, start = mark.process.split("/")
    if not boot:
        pytest.skip("this system does not tell its boots apart")
    renamed = replace(mark, host="elsewhere", process=f"other{machine}/{boot}/{namespace}/{start}")
    assert is_alive(renamed) and not is_gone(renamed)
    child.kill()
    child.wait()
    assert is_gone(renamed) and not is_alive(renamed)


def test_a_container_that_is_gone_is_known_to_be_where_all_is_seen() -> None:
    """The first namespace of pids contains those of all containers, for an account that may look."""
    command = ["unshare", "--fork", "--pid", "--mount-proc", sys.executable, "-c", SHOW_MARK]
    try:
        child = subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True)
    except FileNotFoundError:
        pytest.skip("there is no unshare here")
    assert child.stdout is not None
    line = child.stdout.readline()
    if not line:
        child.communicate()
        pytest.skip("no container can be made here")
    mark = ProcessMark(*literal_eval(line))
    assert not is_gone(mark) and not is_alive(mark)
    child.communicate("\n")
    sees_all = this_process().process.split("/")[2] == "4026531836" and _may_look_at_all()
    assert is_gone(mark) == sees_all


def _may_look_at_all() -> bool:
    return subprocess.run(["readlink", "/proc/1/ns/pid"], capture_output=True).returncode == 0


@pytest.mark.parametrize(
    "mark",
    [
        ProcessMark("elsewhere", 1, "other machine/other boot/1/1"),
        replace(this_process(), process="other machine/other boot/1/1"),
        replace(
            this_process(),
            pid=4_000_000,
            process="/".join([*this_process().process.split("/")[:2], "", "1"]),
        ),
        replace(this_process(), process="not a mark"),
    ],
    ids=[
        "another host",
        "another machine of that name",
        "a container of which nothing is known",
        "unknown form",
    ],
)
def test_what_cannot_be_told_counts_as_alive(mark: ProcessMark) -> None:
    assert not is_gone(mark)
