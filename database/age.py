"""Encryption of backups to an age key: whoever writes them need not be able to read them (TRUST K5)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Protocol, TypeVar

import pyrage

from core.errors import BackupDamaged, BackupError, BackupLocked

MAGIC = b"age-encryption.org/v1\n"

_CHUNK = 64 * 1024

T = TypeVar("T")


class Reader(Protocol):
    """What gives bytes, b"" at its end."""

    def read(self, size: int = ..., /) -> bytes: ...


class Writer(Protocol):
    """What takes bytes."""

    def write(self, data: bytes, /) -> int: ...


def encrypt(source: Reader, out: Writer, recipient: str) -> None:
    """All of `source`, encrypted to `recipient`, into `out`. Raises what they raise, and BackupError."""
    errors: list[BaseException] = []
    try:
        key = pyrage.x25519.Recipient.from_str(recipient)
        pyrage.encrypt_io(_Kept(source.read, errors), _Kept(out.write, errors), [key])
    except (pyrage.EncryptError, pyrage.RecipientError, OSError) as error:
        if errors:
            raise errors[0] from None
        raise BackupError(f"The backup cannot be encrypted: {error}") from error


class Decryption:
    """A stream that is decrypted in a thread beside: `read` gives its bytes, and at the end of them raises
    what the thread met in place of a short read: BackupLocked for the wrong identity, BackupDamaged."""

    def __init__(self, source: Reader, identity: str) -> None:
        self._source = source
        self._identity = _identity(identity)
        self._error: Exception | None = None
        self._ours, self._theirs = os.pipe()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def read(self, size: int = _CHUNK) -> bytes:
        """At most `size` bytes, b"" at the end."""
        if data := os.read(self._ours, size):
            return data
        self._thread.join()
        if self._error:
            raise self._error
        return b""

    def close(self) -> None:
        """End it, wherever it is."""
        os.close(self._ours)  # then the thread's next write fails
        self._thread.join()

    def _run(self) -> None:
        errors: list[BaseException] = []
        read, write = _Kept(self._source.read, errors), _Kept(self._write, errors)
        try:
            pyrage.decrypt_io(read, write, [self._identity])
        except (pyrage.DecryptError, OSError) as error:
            self._error = _explanation(errors, error)
        finally:
            os.close(self._theirs)

    def _write(self, data: bytes) -> int:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._theirs, rest) :]
        return len(data)


@contextmanager
def decrypted(source: Reader, identity: str) -> Iterator[Decryption]:
    """What was encrypted, to be read in the block. Raises BackupLocked without an identity."""
    stream = Decryption(source, identity)
    try:
        yield stream
    finally:
        stream.close()


class _Kept:
    """The end of a stream whose errors the library that calls it would turn into words."""

    def __init__(self, call: Callable[..., T], errors: list[BaseException]) -> None:
        self._call = call
        self._errors = errors

    def read(self, size: int) -> object:
        try:
            return self._call(size)
        except BaseException as error:
            self._errors.append(error)
            raise

    write = read

    def flush(self) -> None:
        """Nothing is held back."""


def _identity(text: str) -> object:
    if not text:
        raise BackupLocked()
    try:
        return pyrage.x25519.Identity.from_str(text)
    except pyrage.IdentityError as error:
        raise BackupLocked("The identity that was given is not one of age.") from error


def _explanation(errors: list[BaseException], error: Exception) -> Exception:
    if errors and isinstance(errors[0], Exception):
        return errors[0]
    if "No matching keys" in str(error):
        return BackupLocked("The identity that is here does not open this backup.")
    return BackupDamaged(f"What is stored is not what was stored: {error}.")
