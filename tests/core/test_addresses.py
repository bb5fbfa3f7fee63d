"""Which addresses registered databases may be at (TRUST C3)."""

from __future__ import annotations

import pytest

from core.addresses import is_allowed, is_this_machine
from core.parsing import places

REFUSED = [
    "127.0.0.1",
    "127.8.9.1",
    "::1",
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "169.254.169.254",
    "fe80::1%eth0",
    "fd00::1",
    "fd00:ec2::254",
    "fc00::1",
    "100.100.100.200",
    "168.63.129.16",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
]


@pytest.mark.parametrize("address", REFUSED)
def test_this_machine_its_link_and_what_hides_them_are_refused_unless_listed(address: str) -> None:
    assert not is_allowed("db.example", address, ())
    plain = address.partition("%")[0]
    assert is_allowed("db.example", address, places(plain))
    assert is_allowed("db.example", address, places("DB.example"))
    assert not is_allowed("db.example.org", address, places("db.example,10.0.0.0/8,2001:db8::/32"))


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.0.4", "172.16.0.1", "93.184.216.34", "2606:2800::"])
def test_public_and_private_addresses_are_ordinary(address: str) -> None:
    assert is_allowed("db.example", address, ())


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0.0/33", "a b", "http://x", "user@host", "1.2.3.4:80"])
def test_a_place_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="networks"):
        places(f"127.0.0.1,{text}")


def test_only_what_can_be_nothing_else_is_this_machine() -> None:
    assert all(map(is_this_machine, ("localhost", "LocalHost", "127.0.0.1", "127.1.2.3", "::1")))
    assert not any(map(is_this_machine, ("localhost.example", "10.0.0.1", "2130706433", "0x7f.1", "127.1")))
