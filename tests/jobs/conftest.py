"""Settings of a database with all tables, and a Valkey."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.operations.conftest import empty_settings, settings
from tests.servers import Unavailable
from tests.servers.valkey import Valkey, valkey

__all__ = ["empty_settings", "one_valkey", "settings"]


@pytest.fixture
def one_valkey() -> Iterator[Valkey]:
    """A server of the test's own, unless the user names one; skipped with the reason without one."""
    try:
        with valkey() as one:
            yield one
    except Unavailable as reason:
        pytest.skip(f"valkey missing: {reason}")
