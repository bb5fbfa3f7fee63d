"""No secret stays in a text, however it was written there (ARCHITECTURE section 4, rule 3)."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest

from core.secrets import hide_password, redact


@pytest.mark.parametrize("secret", ["hunter22", "p@ss/w:rd?#", "with space", "a+b=c&d", "$1.*[", "pässwörd"])
def test_a_secret_is_hidden_plainly_and_as_in_a_url(secret: str) -> None:
    for written in (secret, quote(secret, safe=""), quote_plus(secret)):
        assert redact(f"before {written}, after", secret) == "before ***, after"


def test_a_secret_inside_a_longer_one_leaves_no_rest() -> None:
    assert redact("tulip-violet and tulip", "tulip", "tulip-violet") == "*** and ***"


def test_a_short_secret_is_hidden_only_where_it_stands_alone() -> None:
    assert redact("pw=ab, cabbage, 'ab'", "ab") == "pw=***, cabbage, '***'"


def test_nothing_known_and_an_empty_secret_change_nothing() -> None:
    assert redact("12 tables") == redact("12 tables", "") == "12 tables"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("postgresql://u:secret@h/d", "postgresql://u:***@h/d"),
        ("at postgres+x://u:se@cr:et@h:1/d now", "at postgres+x://u:***@h:1/d now"),
        ("redis://:secret@h", "redis://:***@h"),
        ("'mysql://u:secret@h/d'", "'mysql://u:***@h/d'"),
        ("host=h password=secret user=u", "host=h password=*** user=u"),
        ("PASSWORD = 'it\\'s secret' x", "PASSWORD = *** x"),
        ("jdbc:mysql://h/d?user=u&password=secret&x=1", "jdbc:mysql://h/d?user=u&password=***&x=1"),
    ],
)
def test_the_password_of_a_url_is_hidden_though_nobody_knows_it(text: str, hidden: str) -> None:
    assert hide_password(text) == redact(text) == hidden


@pytest.mark.parametrize("text", ["postgresql://u@h:5432/d", "http://127.0.0.1:5000/login", "12:30 a@b", ""])
def test_what_holds_no_password_stays(text: str) -> None:
    assert hide_password(text) == text
