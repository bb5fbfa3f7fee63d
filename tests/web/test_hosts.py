"""Redirects stay on the site (TRUST W6), and loopback names are known."""

from __future__ import annotations

import pytest

from web.hosts import is_loopback, local_path

OUTSIDE = [
    "//e", "/\\e",
    "\\\\\\\\e", "https:e", "https://e", "/%09/e", "/..//e", "/a\r\nLocation: //e", "javascript:1",
    "/%2f/e", "/\t/e", "", "e", "/%5ce", "///e", "/a/%2e%2e//e", None,
]  # fmt: skip


@pytest.mark.parametrize("wanted", OUTSIDE)
def test_w6_what_could_leave_the_site_leads_home(wanted: str | None) -> None:
    assert local_path(wanted) == "/"


@pytest.mark.parametrize("wanted", ["/", "/users?q=a%20b", "/operations/01j?tab=log", "/a-b/c_d.e"])
def test_paths_of_ours_are_kept(wanted: str) -> None:
    assert local_path(wanted) == wanted


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:5000", "127.0.0.1:80", "127.9.9.9", "[::1]:5000", "[::1]"]
)
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "example.com", "localhost.evil", "10.0.0.1:5000", "[::2]:1", "0.0.0.0"])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)
