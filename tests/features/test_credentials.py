"""Stored passwords: bound to their row, unreadable without the key (TRUST K3)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.settings import Settings, load_settings
from features.credentials import CredentialsKeyMissing, CredentialsUnreadable, Keyring

KEY, OTHER = "a key of thirty-two characters at least", "another key of more than thirty-two characters"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return replace(load_settings(), credentials_key=KEY)


@pytest.mark.parametrize("password", ["*", "пароль '\\ 1", "long " * 500])
def test_what_is_stored_is_read_back_and_says_nothing(settings: Settings, password: str) -> None:
    stored = Keyring(settings).encrypt(password, "registered_database/a")
    assert Keyring(settings).decrypt(stored, "registered_database/a") == password
    version, name, nonce, sealed = stored.split(":")
    assert (version, len(name), len(nonce)) == ("v1", 8, 16) and password not in sealed
    assert Keyring(settings).encrypt(password, "registered_database/a") != stored  # a nonce serves once


def test_no_password_is_stored_as_none(settings: Settings) -> None:
    without_key = Keyring(replace(settings, credentials_key=""))
    assert without_key.encrypt("", "a") == without_key.decrypt("", "a") == ""


def test_a_password_moved_to_another_row_does_not_decrypt(settings: Settings) -> None:
    keyring = Keyring(settings)
    stored = keyring.encrypt("secret", "registered_database/a")
    with pytest.raises(CredentialsUnreadable, match="belongs to another database"):
        keyring.decrypt(stored, "registered_database/b")


@pytest.mark.parametrize("at", [0, 4, 15, 30, -8])
def test_a_changed_text_does_not_decrypt(settings: Settings, at: int) -> None:
    keyring = Keyring(settings)
    stored = keyring.encrypt("secret", "a")
    place = at % len(stored)
    changed = stored[:place] + ("B" if stored[place] == "A" else "A") + stored[place + 1 :]
    with pytest.raises(CredentialsUnreadable):
        keyring.decrypt(changed, "a")
    for damaged in ("secret", "v1:a:b", "v2" + stored[2:], stored + ":x", stored[:-8]):
        with pytest.raises(CredentialsUnreadable):
            keyring.decrypt(damaged, "a")


def test_without_a_key_nothing_is_kept_and_the_mend_is_told(settings: Settings) -> None:
    with pytest.raises(CredentialsKeyMissing, match="token_hex"):
        Keyring(replace(settings, credentials_key="")).encrypt("secret", "a")


def test_a_short_key_is_refused(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="32"):
        Keyring(replace(settings, credentials_key=KEY[:31]))
    with pytest.raises(ConfigurationError, match="32"):
        Keyring(replace(settings, credentials_key_old="short"))


def test_the_key_before_still_reads_and_no_other_does(settings: Settings) -> None:
    stored = Keyring(settings).encrypt("secret", "a")
    rotated = replace(settings, credentials_key=OTHER, credentials_key_old=KEY)
    assert Keyring(rotated).decrypt(stored, "a") == "secret"
    with pytest.raises(CredentialsUnreadable, match="another key"):
        Keyring(replace(settings, credentials_key=OTHER)).decrypt(stored, "a")
    assert {KEY, OTHER} <= set(rotated.secrets)
