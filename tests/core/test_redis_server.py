"""REDIS_URL becomes typed fields, and its password is seen nowhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.redis_server import RedisServer
from tests.core.conftest import Load


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("redis://cache.example.net", RedisServer("cache.example.net")),
        ("redis://:p%40ss@[::1]:7000/2", RedisServer("::1", 7000, 2, "", "p@ss")),
        ("rediss://rings:secret@10.0.0.4", RedisServer("10.0.0.4", 6379, 0, "rings", "secret", True)),
    ],
)
def test_a_url_becomes_fields(text: str, fields: RedisServer, load: Load) -> None:
    assert load(REDIS_URL=text).redis == fields


def test_none_is_set_by_default(load: Load) -> None:
    assert load().redis is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://:hunter22@host", "starts with"),
        ("redis://:hunter22@host/hunter22", "ends with"),
        ("redis://host?password=hunter22", "keys after"),
        ("redis://host/0@hunter22", "@ after the host"),
        ("host:6379", "is not a URL"),
    ],
)
def test_a_faulty_url_is_refused_without_its_password(
    text: str, reason: str, refusal: Callable[..., str]
) -> None:
    said = refusal(REDIS_URL=text)
    assert "REDIS_URL" in said and reason in said
    assert "hunter22" not in said


def test_the_password_is_a_secret(load: Load) -> None:
    settings = load(REDIS_URL="redis://:hunter22@host")
    assert "hunter22" in settings.secrets
    assert "hunter22" not in f"{settings} {settings.redis}"
