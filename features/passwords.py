"""Passwords: which are accepted, how they are kept, and how one is checked (TRUST A2, A3, A4, A9)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from core.errors import InvalidInput, TooBusy
from core.naming import fold

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MINIMUM_LENGTH = 15
MAXIMUM_LENGTH = 1000
_PATIENCE = 2.0  # seconds a sign-in waits for its turn at the processor

# What a user who does not exist is checked against, so that they take as long as one who does. It is the
# hash of 32 random bytes that nobody kept.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$MRQMC3CwP4/VOBKVEcXz8w$JtbBln8HyOF5rsBepqL0MkugM+vJS8U6kDcEl2ykzfg"

# Of the passwords people choose most, those that are long enough to pass otherwise. No network is asked.
_COMMON = Path(__file__).with_name("common_passwords.txt")


def check_password(password: str, *own_words: str) -> None:
    """Accept any 15 characters or more, spaces and all. `own_words` are the user's names, which alone make
    no password. Raises InvalidInput saying what is wrong with it."""
    if len(password) < MINIMUM_LENGTH:
        raise InvalidInput(f"{len(password)} characters.", hint=f"Use {MINIMUM_LENGTH} or more.")
    if len(password) > MAXIMUM_LENGTH:
        raise InvalidInput(f"{len(password):,} characters.", hint=f"Use {MAXIMUM_LENGTH:,} at most.")
    if _is_easy(fold(password), {fold(word) for word in own_words}):
        raise InvalidInput("This one is among the first to be guessed.", hint="A short sentence is better.")


def hash_password(password: str) -> str:
    """The form in which a password is kept: argon2id, with its own salt. Raises TooBusy."""
    with _turn():
        return _hasher().hash(password)


def verify_password(stored: str, password: str) -> bool:
    """True when `password` is the one kept as `stored`. Takes as long when `stored` is empty, and is false
    then. Raises TooBusy."""
    from argon2.exceptions import InvalidHashError, VerificationError

    with _turn():
        try:
            return _hasher().verify(stored or _NOBODY, password) and bool(stored)
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(stored: str) -> bool:
    """True when `stored` was made with weaker parameters than today's."""
    return _hasher().check_needs_rehash(stored)


def _is_easy(folded: str, own_words: set[str]) -> bool:
    letters = "".join(folded.split())
    return folded in own_words or letters in _common() or _repeats(letters)


def _repeats(text: str) -> bool:
    # A text is a shorter one repeated when it is found inside its own double, off the ends.
    period = (text + text).find(text, 1)
    return period <= 6


@cache
def _common() -> frozenset[str]:
    return frozenset(_COMMON.read_text(encoding="utf-8").split())


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


@cache
def _turns() -> BoundedSemaphore:
    return BoundedSemaphore(os.cpu_count() or 1)


@contextmanager
def _turn() -> Iterator[None]:
    # Each check takes 19 MiB and a processor: a storm of sign-ins waits its turn instead of taking all.
    if not _turns().acquire(timeout=_PATIENCE):
        raise TooBusy("Too many people sign in at once.")
    try:
        yield
    finally:
        _turns().release()
