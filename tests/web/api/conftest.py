"""Programs of the admin mvogt, each with a token of its role."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.web.api.program import Program, make_token
from tests.web.visitor import Visitor

MakeProgram = Callable[..., Program]


@pytest.fixture
def program(console: Flask, visitor: Visitor) -> MakeProgram:
    """`program(role)`: one with a token of that role; by default an admin's."""
    return lambda role="admin": Program(console, make_token(console, role).text)
