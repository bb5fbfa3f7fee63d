"""Forwarded headers change something only when they come from a trusted proxy (TRUST A8)."""

from __future__ import annotations

from ipaddress import ip_network
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import select

from models import SignInFailure, db
from tests.web.conftest import MakeApp
from tests.web.test_start import serving
from tests.web.visitor import Visitor, add_first_admin

FORGED = {
    "X-Forwarded-For": "203.0.113.5",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil",
    "X-Forwarded-User": "mvogt",
    "Forwarded": "for=203.0.113.5;proto=https;host=evil",
}
PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))


def addresses(make_app: MakeApp, url: str, peer: str, forwarded: str) -> list[str]:
    """What a refused sign-in of `peer` leaves as its address and its network."""
    console = make_app(url, trusted_proxies=PROXIES)
    headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "http"}
    visitor = Visitor(console, environ_base={"REMOTE_ADDR": peer}, headers=headers)
    assert visitor.sign_in().status_code == 422
    with console.app_context():
        row = db.session.scalars(select(SignInFailure)).one()
        return [row.ip_address, row.network]


@pytest.mark.parametrize("peer", ["192.0.2.1", "127.0.0.1", "11.0.0.1", "::ffff:192.0.2.1"])
@pytest.mark.parametrize("proxies", [(), PROXIES])
def test_a8_from_everyone_else_they_change_nothing(
    make_app: MakeApp, sqlite_url: str, peer: str, proxies: tuple[object, ...]
) -> None:
    console = make_app(sqlite_url, trusted_proxies=proxies)
    add_first_admin(console)
    visitor = Visitor(console, environ_base={"REMOTE_ADDR": peer}, headers=FORGED)
    answer = visitor.sign_in(password="not the password at all")
    assert answer.status_code == 422
    assert "evil" not in answer.text
    assert "Strict-Transport-Security" not in answer.headers
    assert not any("__Host-" in cookie for cookie in answer.headers.getlist("Set-Cookie"))
    assert visitor.get("/").location == "/sign-in"
    with console.app_context():
        assert db.session.scalars(select(SignInFailure.ip_address)).all() == [peer]


@pytest.mark.parametrize(
    ("forwarded", "address", "network"),
    [
        ("203.0.113.5", "203.0.113.5", "203.0.113.0/24"),
        ("1.1.1.1, 203.0.113.5", "203.0.113.5", "203.0.113.0/24"),
        ("1.1.1.1,203.0.113.5, 10.1.1.1 ,2001:db8::7", "203.0.113.5", "203.0.113.0/24"),
        ("203.0.113.5:4711, [2001:db8::7]:80", "203.0.113.5", "203.0.113.0/24"),
        ("2a00:1::5", "2a00:1::5", "2a00:1::/64"),
        ("10.9.9.9, 10.1.1.1", "10.9.9.9", "10.9.9.0/24"),
        ("203.0.113.5, unknown, 10.1.1.1", "10.1.1.1", "10.1.1.0/24"),
        ("", "10.0.0.1", "10.0.0.0/24"),
    ],
)
def test_a8_the_last_hop_that_is_no_proxy_of_ours_is_the_person(
    make_app: MakeApp, sqlite_url: str, forwarded: str, address: str, network: str
) -> None:
    assert addresses(make_app, sqlite_url, "10.0.0.1", forwarded) == [address, network]


def test_a8_s1_w5_behind_a_proxy_tls_is_known(make_app: MakeApp, sqlite_url: str) -> None:
    console = make_app(sqlite_url, trusted_proxies=PROXIES, trusted_hosts=("keeper.example.com",))
    add_first_admin(console)
    headers = {"Host": "keeper.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    headers |= {"Referer": "https://keeper.example.com/sign-in", "Origin": "https://keeper.example.com"}
    visitor = Visitor(console, environ_base={"REMOTE_ADDR": "10.0.0.1"}, headers=headers)
    answer = visitor.client.get("/sign-in", **visitor._defaults)
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    assert "__Host-basekeeper-form" in answer.headers["Set-Cookie"]
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("door", ["app.py", "gunicorn"])
def test_a8_the_servers_themselves_believe_nobody(door: str, tmp_path, sqlite_url: str) -> None:
    """gunicorn would take the word of whoever comes from this machine."""
    with serving(door, tmp_path, DATABASE_URL=sqlite_url, WORKERS="1") as (address, _):
        headers = urlopen(Request(f"{address}/sign-in", headers=FORGED), timeout=10).headers
    assert "Strict-Transport-Security" not in headers
    assert "Secure" not in headers["Set-Cookie"]
