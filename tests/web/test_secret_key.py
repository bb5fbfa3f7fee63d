"""The key that signs forms: required where it counts, kept in a private file elsewhere."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.settings import Environment, Settings, load_settings
from web.secret_key import secret_key


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    monkeypatch.chdir(tmp_path)
    return replace(load_settings(), secret_key="")


@pytest.mark.parametrize("environment", [Environment.STAGING, Environment.PRODUCTION])
@pytest.mark.parametrize("key", ["", "short"])
def test_production_refuses_to_start_without_a_good_one(
    settings: Settings, tmp_path: Path, environment: Environment, key: str
) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY") as refusal:
        secret_key(replace(settings, flask_env=environment, secret_key=key), tmp_path)
    assert "secrets.token_hex" in refusal.value.hint
    assert not list(tmp_path.iterdir())


def test_development_makes_one_and_keeps_it_private(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    first = secret_key(settings, folder)
    assert len(first) == 64
    assert secret_key(settings, folder) == first
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600


def test_eight_workers_at_once_agree_on_one(settings: Settings, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(lambda _: secret_key(settings, tmp_path / "instance"), range(8)))
    assert len(set(keys)) == 1
    assert [path.name for path in (tmp_path / "instance").iterdir()] == ["secret_key"]
