"""A folder and an environment that hold no settings, for the tests that set their own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.settings import Settings, load_settings
from core.variables import VARIABLES

Load = Callable[..., Settings]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def load(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """`load(env_file=None, **environment)`: the settings with these variables alone in the environment."""

    def settings(env_file: str | None = None, **environment: str) -> Settings:
        for name in [name for name in os.environ if name.removesuffix("_FILE") in _NAMES]:
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return load_settings(Path(env_file) if env_file else None)

    return settings


@pytest.fixture
def refusal(load: Load) -> Callable[..., str]:
    """`refusal(env_file=None, **environment)`: what the refused settings are told."""

    def message(env_file: str | None = None, **environment: str) -> str:
        with pytest.raises(ConfigurationError) as caught:
            load(env_file, **environment)
        assert caught.value.exit_code == 2
        assert "\n" not in str(caught.value)
        return caught.value.message

    return message


_NAMES = {one.name for one in VARIABLES}
