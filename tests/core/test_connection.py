"""A URL becomes typed fields (TRUST D3); every key outside the allow-list is refused by name (TRUST C1)."""

from __future__ import annotations

import pytest

from core.connection import ConnectionParameters, Dialect, TlsMode, parse_url
from core.errors import ConfigurationError, InvalidInput

POSTGRESQL_KEYS = """
    host hostaddr port dbname user password passfile service servicefile options sslcert sslkey sslcrl
    sslcrldir sslpassword sslkeylogfile gssencmode krbsrvname requirepeer load_balance_hosts
    target_session_attrs oauth_issuer replication channel_binding plugin
"""
MYSQL_KEYS = """
    local_infile read_default_file read_default_group unix_socket init_command host user ssl_key ssl_cert
    auth_plugin_map defer_connect client_flag plugin
"""


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("postgres://u:p@h:7/d", Dialect.POSTGRESQL),
        ("postgresql://u:p@h:7/d", Dialect.POSTGRESQL),
        ("postgresql+psycopg2://u:p@h:7/d", Dialect.POSTGRESQL),
        ("mysql://u:p@h:7/d", Dialect.MYSQL),
        ("mysql+pymysql://u:p@h:7/d", Dialect.MYSQL),
        ("mariadb://u:p@h:7/d", Dialect.MARIADB),
        ("MariaDB+PyMySQL://u:p@h:7/d", Dialect.MARIADB),
    ],
)
def test_every_usual_scheme_is_read(text: str, dialect: Dialect) -> None:
    assert parse_url(text) == ConnectionParameters(dialect, "d", "h", 7, "u", "p")


def test_what_is_left_out_has_a_default() -> None:
    assert parse_url("postgresql:///d") == ConnectionParameters(Dialect.POSTGRESQL, "d", "localhost", 5432)
    assert parse_url("mysql://u@h/d").port == 3306


def test_names_and_passwords_are_decoded() -> None:
    found = parse_url("postgres://a%40b:p%40%3A%2F%25s@h/it%27s%20%22x%22%20%3D%25-%2Fy")
    assert (found.user, found.password, found.database) == ("a@b", "p@:/%s", 'it\'s "x" =%-/y')
    assert parse_url("postgres://u:p:q@r@h/d").password == "p:q@r"


def test_an_ipv6_address_loses_its_brackets() -> None:
    found = parse_url("postgresql://[2001:db8::1]:6432/d")
    assert (found.host, found.port) == ("2001:db8::1", 6432)
    assert str(found) == "postgresql://[2001:db8::1]:6432/d"


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("sqlite:///instance/a.db", "instance/a.db"),
        ("sqlite:////var/a%20%3F%23.db", "/var/a ?#.db"),
        ("sqlite:///:memory:", ":memory:"),
    ],
)
def test_a_file_is_relative_after_three_slashes_and_absolute_after_four(text: str, file: str) -> None:
    assert parse_url(text) == ConnectionParameters(Dialect.SQLITE, file)


@pytest.mark.parametrize(
    ("text", "mode", "certificate"),
    [
        ("postgresql://h/d?sslmode=verify-full&sslrootcert=/ca.pem", TlsMode.VERIFY_FULL, "/ca.pem"),
        ("postgresql://h/d?sslmode=disable&connect_timeout=3&application_name=x", TlsMode.DISABLE, ""),
        (
            "mysql://h/d?charset=utf8mb4&ssl_mode=VERIFY_IDENTITY&ssl_ca=/ca.pem",
            TlsMode.VERIFY_FULL,
            "/ca.pem",
        ),
        ("mysql://h/d?ssl-mode=REQUIRED", TlsMode.REQUIRE, ""),
        ("mariadb://h/d?sslmode=require", TlsMode.REQUIRE, ""),
        ("mysql://h/d?ssl_mode=PREFERRED", TlsMode.PREFER, ""),
        ("mysql://h/d?ssl_mode=DISABLED", TlsMode.DISABLE, ""),
        ("mysql://h/d?ssl_ca=/ca.pem", TlsMode.VERIFY_CA, "/ca.pem"),
    ],
)
def test_protection_is_read_in_the_words_of_either_server(text: str, mode: TlsMode, certificate: str) -> None:
    found = parse_url(text)
    assert (found.tls_mode, found.tls_root_certificate) == (mode, certificate)


@pytest.mark.parametrize(
    ("url", "key"),
    [("postgresql://u:p@good/db", key) for key in POSTGRESQL_KEYS.split()]
    + [("mysql://u:p@good/db", key) for key in MYSQL_KEYS.split()]
    + [("sqlite:///a.db", key) for key in ("mode", "uri", "cache", "vfs", "sslmode")],
)
def test_c1_every_other_key_is_refused_by_name(url: str, key: str) -> None:
    encoded = "".join(f"%{ord(letter):02x}" for letter in key)
    for written in (
        key,
        key.upper(),
        encoded,
        f"&{key}",
        f"charset=utf8mb4&{key}" if "mysql" in url else key,
    ):
        with pytest.raises(InvalidInput, match=f'"{key}", which is not allowed') as caught:
            parse_url(f"{url}?{written}=evil")
        assert caught.value.http_status == 422


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://h/d?sslmode=verify-full&sslmode=disable",
        "postgresql://h/d?sslmode=verify-full&SSLMODE=disable",
        "mysql://h/d?sslmode=require&ssl_mode=disabled",
    ],
)
def test_c1_a_repeated_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="more than once"):
        parse_url(text)


@pytest.mark.parametrize(
    "place",
    [
        "good,evil",
        "good:1,evil:2",
        "%2Ftmp",
        "good%2Cevil",
        "good%20host=evil",
        "a=b",
        "-good",
        "[::1],evil",
        "::1",
    ],
)
def test_c1_one_host_and_no_socket(place: str) -> None:
    with pytest.raises(InvalidInput, match="host|port"):
        parse_url(f"postgresql://u:p@{place}/d")


def test_c1_words_in_a_name_stay_part_of_the_name() -> None:
    found = parse_url("postgresql://u:p@good/host%3Devil%20dbname%3Dx")
    assert (found.host, found.database) == ("good", "host=evil dbname=x")


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("oracle://h/d", "allowed: postgresql, mysql, mariadb, sqlite"),
        ("postgresql+asyncpg://h/d", 'driver "asyncpg".*write postgresql://'),
        ("postgresql+psycopg://h/d", 'driver "psycopg"'),
        ("mysql+mysqldb://h/d", "write mysql://"),
        ("just words", "is not a URL such as"),
        ("", "is not a URL such as"),
        ("postgresql://h", "names no database; end it with /NAME"),
        ("postgresql://h:0/d", "from 1 to 65535"),
        ("postgresql://h:65536/d", "from 1 to 65535"),
        ("postgresql://h:five/d", "from 1 to 65535"),
        ("postgresql://h/d#x", "write a # as %23"),
        ("postgresql://h/a%00b", "control character"),
        ("postgresql://h/a%0ab", "control character"),
        ("postgresql://h/%ff", "not UTF-8"),
        ("postgresql://h/d?sslmode=allow", "disable, prefer, require, verify-ca, verify-full"),
        ("mysql://h/d?sslmode=verify-full", "add ssl_ca=FILE"),
        ("mysql://h/d?charset=latin1", "charset other than utf8mb4"),
        ("sqlite://a.db", "write sqlite:///relative.db"),
        ("sqlite://", "names no file"),
        ("sqlite:///file:a.db", "names no file"),
    ],
)
def test_a_malformed_url_is_refused_with_the_mend(text: str, mend: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^DATABASE_URL .*{mend}"):
        parse_url(text, variable="DATABASE_URL")


@pytest.mark.parametrize("character", list("/?#@:[]%& '\"\\") + ["%2F", "?a=", "/x@y?z=", "@y/", "\n"])
def test_no_error_shows_a_piece_of_a_password(character: str) -> None:
    """Unescaped, such a password falls apart into host, port, path and keys: none of them may be shown."""
    for scheme in ("postgresql", "mysql", "oracle", "postgresql+asyncpg"):
        for end in ("h/d", "h:x/d", "h/d?host=evil", "h"):
            try:
                found = parse_url(f"{scheme}://user:Tulip{character}Violet@{end}")
            except InvalidInput as error:
                assert not any(piece in f"{error!r} {error}" for piece in ("Tulip", "Violet"))
                assert error.__cause__ is None
            else:
                assert not any(piece in f"{found!r} {found}" for piece in ("Tulip", "Violet"))


def test_a_password_that_begins_like_a_port_is_not_shown_as_a_key() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_url("postgresql://user:12?violet=x@h/d")
    assert "violet" not in str(caught.value)


def test_a_server_account_needs_no_database() -> None:
    assert parse_url("mysql://root@h", database_required=False).database == ""
