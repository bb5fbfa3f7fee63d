"""Pipes: who fails first is told, and nobody is waited for in vain."""

from __future__ import annotations

from typing import IO

import pytest

from core.errors import BackupError, OperationCancelled, ToolFailed
from core.progress import Noted, Operation
from database.pipes import read_by, written_by

LOT = b"x" * 1_000_000  # more than a pipe holds


def test_what_is_written_is_read() -> None:
    with written_by(Operation(), lambda op, out: note_and_write(op, out, LOT)) as end:
        assert end.read() == LOT


def test_notes_of_the_other_thread_are_passed_on() -> None:
    said: list[object] = []
    with written_by(Operation(said.append), lambda op, out: note_and_write(op, out, b"")) as end:
        end.read()
    assert said == [Noted("written")]


def test_the_error_of_the_writer_comes_before_what_the_reader_made_of_it() -> None:
    with pytest.raises(ToolFailed, match="no right"), written_by(Operation(), fail) as end:
        if not end.read():
            raise BackupError("The dump is empty.")


def test_the_error_of_a_reader_who_fails_first_is_his_own() -> None:
    def read() -> None:
        with written_by(Operation(), lambda op, out: note_and_write(op, out, LOT)) as end:
            end.read(10)
            raise BackupError("The disk is full.")

    with pytest.raises(BackupError, match="disk is full"):
        read()


def test_the_error_of_the_reading_program_comes_before_a_broken_pipe() -> None:
    with pytest.raises(ToolFailed, match="no right"), read_by(Operation(), fail) as end:
        for _ in range(10):
            end.write(LOT)


def test_a_cancel_is_told_as_one() -> None:
    asked = [False]
    op = Operation(cancelled=lambda: asked[0])

    def read() -> None:
        with written_by(op, lambda aside, out: note_and_write(aside, out, LOT)) as end:
            end.read(10)
            asked[0] = True
            op.check()

    with pytest.raises(OperationCancelled):
        read()


def note_and_write(op: Operation, out: IO[bytes], data: bytes) -> None:
    out.write(data)
    op.note("written")


def fail(op: Operation, end: IO[bytes]) -> None:
    raise ToolFailed("There is no right to do that.")
