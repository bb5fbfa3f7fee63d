"""Whatever stands in an address, no page answers it with a fault of ours (TRUST W9)."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.web.conftest import MakeApp
from tests.web.operations import ID, add_operation
from tests.web.visitor import Visitor, add_first_admin

HUGE = "9" * 30
# As they stand in an address: %00 is a NUL, and the longest is what no column holds.
WORDS = (
    *("%00", "a%00b", "%FF", "%ED%A0%80", "%2e%2e", "'", "%22", "%25s", "-5", "1_0"),
    *(HUGE, f"-{HUGE}", str(2**63), "z" * 10_000, "%F0%9F%98%80" * 50),
)
ASKED = ("%00", "%FF", "'", HUGE, "z" * 10_000)  # with all questions at once
QUESTIONS = (
    *("before", "after", "shown", "seen", "next", "fresh"),
    *("state", "database", "all", "proof", "month", "cursor", "new_name", "beside"),
)
TAKEN = {"id": ID, "name": "shop", "token": "x", "filename": "x", "prefix": "0" * 12, "number": "1"}


@pytest.fixture
def looked_at(make_app: MakeApp, database_url: str) -> Flask:
    """A console on each kind of server, with one operation, whose faults are answered and not raised."""
    app = make_app(database_url)
    add_first_admin(app)
    add_operation(app)
    return app


@pytest.mark.parametrize("server", ["sqlite", "postgresql"], indirect=True)  # whose drivers refuse most
def test_w9_no_address_makes_a_page_fail(looked_at: Flask) -> None:
    admin = Visitor(looked_at)
    assert admin.sign_in().status_code == 303
    pages = [rule for rule in looked_at.url_map.iter_rules() if "GET" in (rule.methods or ())]
    failed = [
        f"{status} {address[:80]}"
        for rule in pages
        for address in addresses(rule)
        if (status := status_of(admin, address)) >= 500
    ]
    assert len(pages) > 20 and not failed
    assert admin.get("/audit").status_code == 200  # still signed in


def status_of(visitor: Visitor, address: str) -> int:
    """What it answers, once all of it was read: exports are sent while they are made."""
    with visitor.get(address) as answer:
        assert answer.data is not None
        return answer.status_code


def addresses(rule: Rule) -> list[str]:
    """Those of one page: each word in place of its argument, then all questions with a few of them."""
    usual = rule.rule
    for name in rule.arguments:
        usual = re.sub(rf"<(?:[^<>]*:)?{name}>", TAKEN[name], usual)
    asked = [f"{usual}?{'&'.join(f'{name}={word}' for name in QUESTIONS)}" for word in ASKED]
    if not rule.arguments:
        return asked
    before, _, after = rule.rule.partition("<")
    return asked + [f"{before}{word}{after.partition('>')[2]}" for word in WORDS]
