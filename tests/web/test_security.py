"""Headers, hosts, other sites and limits (TRUST W1, W3 to W8, W10)."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from tests.web.conftest import MakeApp
from tests.web.visitor import PASSWORD, Visitor

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
TEMPLATES = sorted(Path(__file__).parents[2].glob("templates/**/*.html"))


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing", "/healthz", "/first-admin/x"])
def test_w1_w5_w8_headers_stand_on_every_answer(visitor: Visitor, path: str) -> None:
    headers = visitor.get(path).headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


def test_w5_hsts_over_tls_only(console: Flask) -> None:
    assert (
        "Strict-Transport-Security" in Visitor(console, base_url="https://localhost").get("/sign-in").headers
    )


def test_w1_no_template_holds_script_style_or_unescaped_text() -> None:
    assert TEMPLATES
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"\son\w+=|\sstyle=|<style|<script(?![^>]* src=|[^>]* type=.application/json)|javascript:", text
        ), path
        assert not re.search(r"\|\s*safe\b|autoescape", text), path


def test_w5_trace_is_refused(visitor: Visitor) -> None:
    assert visitor.client.open("/sign-in", method="TRACE").status_code == 405


def test_405_says_what_is_allowed(visitor: Visitor) -> None:
    answer = visitor.client.get("/sign-out")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("host", ["evil", "evil:5000", "127.0.0.1.evil.example", "localhost@evil"])
def test_w7_other_host_names_are_refused(console: Flask, host: str) -> None:
    answer = Visitor(console, headers={"Host": host}).get("/sign-in")
    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_w7_trusted_hosts_are_those_of_the_settings(make_app: MakeApp, sqlite_url: str) -> None:
    console = make_app(sqlite_url, trusted_hosts=("keeper.example.com",))
    assert Visitor(console, base_url="https://keeper.example.com").get("/sign-in").status_code == 200
    assert Visitor(console).get("/sign-in").status_code == 400


def test_w4_a_form_without_a_token_is_refused(visitor: Visitor) -> None:
    answer = visitor.client.post("/sign-in", data={"identifier": "mvogt", "password": PASSWORD})
    assert answer.status_code == 403
    assert visitor.cookie() is None


def test_w4_a_token_of_another_session_is_refused(console: Flask, visitor: Visitor) -> None:
    visitor.get("/sign-in")
    stolen = Visitor(console).csrf_token()
    fields = {"csrf_token": stolen, "identifier": "mvogt", "password": PASSWORD}
    assert visitor.client.post("/sign-in", data=fields).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_w4_a_form_from_another_site_is_refused(visitor: Visitor, headers: dict[str, str]) -> None:
    token = visitor.csrf_token()
    fields = {"csrf_token": token, "identifier": "mvogt", "password": PASSWORD}
    assert visitor.client.post("/sign-in", data=fields, headers=headers).status_code == 403
    assert visitor.cookie() is None


def test_w4_a_form_of_our_own_is_taken(visitor: Visitor) -> None:
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    fields = {"csrf_token": visitor.csrf_token(), "identifier": "mvogt", "password": PASSWORD}
    assert visitor.client.post("/sign-in", data=fields, headers=headers).status_code == 303


def test_w10_bodies_over_a_mebibyte_are_refused(visitor: Visitor) -> None:
    answer = visitor.client.post("/sign-in", data={"password": "x" * (1024 * 1024 + 1)})
    assert answer.status_code == 413


def test_w10_ten_thousand_fields_are_refused(visitor: Visitor) -> None:
    many = {f"field{number}": "x" for number in range(10_000)}
    assert visitor.client.post("/sign-in", data=many).status_code == 413
    parts = dict.fromkeys(many, "x")
    answer = visitor.client.post("/sign-in", data=parts, content_type="multipart/form-data")
    assert answer.status_code == 413


def test_w3_reading_twice_changes_nothing(console: Flask, admin: Visitor, sqlite_url: str) -> None:
    before = _dump(sqlite_url)
    for _ in range(2):
        for rule in console.url_map.iter_rules():
            if "GET" in (rule.methods or ()):
                admin.get(rule.rule.replace("<path:filename>", "mark.svg").replace("<token>", "x"))
    assert _dump(sqlite_url) == before


def _dump(url: str) -> list[str]:
    """All there is but the records of reading: when somebody was last seen, and who exported what."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        lines = list(connection.iterdump())
    exported = r"""audit" VALUES\(\d+,'[^']*','\w+','\w+\.export'"""
    records = f'INSERT INTO "(login_session"|online_user"|audit_head"|{exported})'
    return [line for line in lines if not re.match(records, line)]
