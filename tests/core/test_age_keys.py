"""The keys of encrypted backups in the settings: the public one may be shown, the private one never (K1)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pyrage import x25519

from tests.core.conftest import Load

Refusal = Callable[..., str]


@pytest.fixture
def identity() -> str:
    """A private key as `age-keygen` writes it."""
    return str(x25519.Identity.generate())


def test_an_identity_is_read_from_the_file_that_age_keygen_writes(
    load: Load, folder: Path, identity: str
) -> None:
    (folder / "key.txt").write_text(f"# created: 2026-11-20T02:00:00Z\n# public key: age1\n{identity}\n")
    found = load(BACKUP_IDENTITY_FILE="key.txt")
    assert found.backup_identity == identity
    assert identity in found.secrets and identity not in repr(found)


@pytest.mark.parametrize("spoil", [str.lower, lambda key: key[:-1], lambda key: f"{key}\n{key}"])
def test_what_is_no_identity_is_refused_without_being_shown(
    refusal: Refusal, identity: str, spoil: Callable[[str], str]
) -> None:
    said = refusal(None, BACKUP_IDENTITY=spoil(identity))
    assert "BACKUP_IDENTITY is not valid, allowed: one age identity" in said
    assert identity[20:40].lower() not in said.lower()


def test_a_private_key_in_the_place_of_the_public_one_is_not_shown(refusal: Refusal, identity: str) -> None:
    said = refusal(None, BACKUP_ENCRYPTION_KEY=identity)
    assert "BACKUP_ENCRYPTION_KEY is not valid, allowed: an age recipient" in said
    assert identity[20:40] not in said
