"""Stored passwords: bound to their row, unreadable without the key (TRUST K3)."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from core.connection import ConnectionParameters, Dialect
from core.errors import ConfigurationError
from core.settings import Environment, Settings, load_settings
from features.credentials import CredentialsKeyMissing, CredentialsUnreadable, Keyring, key_fault

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
    without_key = Keyring(replace(settings, credentials_key="", flask_env=Environment.STAGING))
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


@pytest.mark.parametrize("environment", [Environment.STAGING, Environment.PRODUCTION])
def test_without_a_key_nothing_is_kept_and_the_mend_is_told(
    settings: Settings, tmp_path: Path, environment: Environment
) -> None:
    keyless = replace(settings, credentials_key="", flask_env=environment)
    with pytest.raises(CredentialsKeyMissing, match="token_hex.*[.]env.*restart"):
        Keyring(keyless).encrypt("secret", "a")
    assert "CREDENTIALS_KEY is not set" in key_fault(keyless) and not list(tmp_path.iterdir())


@pytest.mark.parametrize("environment", [Environment.DEVELOPMENT, Environment.TESTING])
def test_development_makes_a_key_beside_its_database_and_keeps_it_private(
    settings: Settings, tmp_path: Path, environment: Environment
) -> None:
    own = ConnectionParameters(Dialect.SQLITE, str(tmp_path / "instance/own.db"))
    keyless = replace(settings, credentials_key="", flask_env=environment, database=own)
    assert key_fault(keyless) == ""
    stored = Keyring(keyless).encrypt("secret", "a")
    assert Keyring(keyless).decrypt(stored, "a") == "secret"
    file = tmp_path / "instance/credentials_key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    given = replace(keyless, credentials_key=file.read_text())
    assert Keyring(given).decrypt(stored, "a") == "secret"


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
