"""Passwords of registered databases, kept encrypted under a key that the database does not hold: AES-256-GCM,
each bound to the row it belongs to (TRUST K3)."""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import AppError, ConfigurationError
from core.kept_keys import INSTANCE, MAKES_ITS_OWN, kept_key
from core.settings import Settings

MINIMUM_LENGTH = 32
MAKE_COMMAND = "python -c 'import secrets; print(secrets.token_hex(32))'"
PUT_IT = "Put it into .env as CREDENTIALS_KEY, then restart the console and its workers."
MAKE_ONE = f"Make one: {MAKE_COMMAND} {PUT_IT}"

_VERSION = "v1"
_NONCE = 12  # bytes, as GCM wants them
_KEY = 32
_NAME = 6


class CredentialsKeyMissing(ConfigurationError):
    """CREDENTIALS_KEY is not set, so no password can be kept."""

    code = "credentials_key_missing"
    http_status = 422
    hint = MAKE_ONE


class CredentialsUnreadable(AppError):
    """A stored password cannot be decrypted."""

    code = "credentials_unreadable"
    http_status = 409


class Keyring:
    """Encrypts with the settings' key, or in development and testing with one of our own; decrypts with that
    or the one before it."""

    def __init__(self, settings: Settings) -> None:
        """Raises ConfigurationError when a key is short."""
        keys = (settings.credentials_key or _own_key(settings), settings.credentials_key_old)
        self._current = _derived(keys[0]) if keys[0] else None
        self._keys = dict(_derived(key) for key in keys if key)

    def check(self) -> None:
        """Raises CredentialsKeyMissing unless it can encrypt."""
        if self._current is None:
            raise CredentialsKeyMissing()

    def encrypt(self, secret: str, place: str) -> str:
        """`secret` as it is stored at `place`, such as "registered_database/ID"; "" for none. Raises
        CredentialsKeyMissing."""
        if not secret:
            return ""
        if self._current is None:
            raise CredentialsKeyMissing()
        name, key = self._current
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(key).encrypt(nonce, secret.encode(), place.encode())
        return ":".join((_VERSION, name, _text(nonce), _text(sealed)))

    def decrypt(self, stored: str, place: str) -> str:
        """What `encrypt` was given for the same place. Raises CredentialsUnreadable for another place, a
        changed text, and a key that is not there."""
        if not stored:
            return ""
        name, nonce, sealed = _parted(stored)
        if name not in self._keys:
            raise CredentialsUnreadable(
                f"A stored password was encrypted with another key, {name}.",
                hint="Set CREDENTIALS_KEY or CREDENTIALS_KEY_OLD to that key, or type the password anew.",
            )
        try:
            return AESGCM(self._keys[name]).decrypt(nonce, sealed, place.encode()).decode()
        except InvalidTag as error:
            raise _damaged() from error


def key_fault(settings: Settings) -> str:
    """Why no password can be kept, in one sentence; "" when it can."""
    try:
        Keyring(settings).check()
    except ConfigurationError as error:
        return error.message
    return ""


def _own_key(settings: Settings) -> str:
    """The key kept by the console's own database, or in the instance folder where that is on a server; ""
    where none is made. The web app, a worker and a command find the same one."""
    if settings.flask_env not in MAKES_ITS_OWN:
        return ""
    own = settings.database
    folder = INSTANCE if own.host or own.in_memory else Path(own.database).absolute().parent
    with suppress(OSError):  # a folder that may not be written to: then there is none
        return kept_key(folder / "credentials_key")
    return ""


def _derived(key: str) -> tuple[str, bytes]:
    """The name of a key, which is no secret, and the key of the cipher; neither tells of the other."""
    if len(key) < MINIMUM_LENGTH:
        raise ConfigurationError(
            f"CREDENTIALS_KEY is shorter than {MINIMUM_LENGTH} characters.", hint=MAKE_ONE
        )
    derived = HKDF(SHA256(), _KEY + _NAME, salt=None, info=b"basekeeper credentials v1").derive(key.encode())
    return _text(derived[_KEY:]), derived[:_KEY]


def _parted(stored: str) -> tuple[str, bytes, bytes]:
    parts = stored.split(":")
    if len(parts) != 4 or parts[0] != _VERSION:
        raise _damaged()
    try:
        return parts[1], urlsafe_b64decode(parts[2]), urlsafe_b64decode(parts[3])
    except ValueError as error:
        raise _damaged() from error


def _damaged() -> CredentialsUnreadable:
    return CredentialsUnreadable(
        "A stored password was changed, or belongs to another database.", hint="Type the password anew."
    )


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii")
