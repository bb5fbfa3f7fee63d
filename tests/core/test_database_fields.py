"""What people may say of a database: only known keys, whatever the others are dressed as (TRUST C1)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.connection import ConnectionParameters, Dialect, TlsMode
from core.database_fields import (
    DatabaseFields,
    check_fields,
    completed,
    find_faults,
    from_url,
    parameters_of,
)
from core.errors import InvalidInput
from core.settings import Settings, load_settings

LIBPQ = [
    "passfile",
    "service",
    "servicefile",
    "sslcert",
    "sslkey",
    "sslcrl",
    "sslcrldir",
    "sslpassword",
    "sslkeylogfile",
    "options",
    "host",
    "hostaddr",
    "gssencmode",
    "krbsrvname",
    "requirepeer",
    "load_balance_hosts",
    "target_session_attrs",
    "oauth_issuer",
    "replication",
    "user",
    "password",
    "port",
    "dbname",
    "require_auth",
    "channel_binding",
]
PYMYSQL = [
    "local_infile",
    "read_default_file",
    "read_default_group",
    "unix_socket",
    "init_command",
    "ssl_key",
    "ssl_cert",
    "ssl_disabled",
    "auth_plugin_map",
    "server_public_key",
    "host",
    "user",
    "passwd",
    "password",
    "database",
    "port",
    "defer_connect",
    "client_flag",
]
SQLITE = ["mode", "uri", "vfs", "cache", "immutable", "nolock", "timeout"]
PLACES = {"postgresql": "u:p@h/d", "mysql": "u:p@h/d", "mariadb": "u:p@h/d", "sqlite": "/file.db"}
KEYS = {"postgresql": LIBPQ, "mysql": PYMYSQL, "mariadb": PYMYSQL, "sqlite": SQLITE}
FORBIDDEN = [(scheme, key) for scheme, keys in KEYS.items() for key in keys]

SHOP = DatabaseFields("shop", "staging", "postgresql", "shop", "db.example", 5432, "app")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "databases").mkdir()
    return load_settings()


@pytest.mark.parametrize(("scheme", "key"), FORBIDDEN)
def test_a_forbidden_key_is_refused_in_every_dress(scheme: str, key: str) -> None:
    """TRUST C1: in any case, URL-encoded, repeated."""
    encoded = "".join(f"%{ord(char):02x}" for char in key)
    for dress in (f"{key}=x", f"{key.upper()}=x", f"{encoded}=x", f"sslmode=require&{key}=a&{key}=b", key):
        with pytest.raises(InvalidInput) as refused:
            from_url("shop", "staging", f"{scheme}://{PLACES[scheme]}?{dress}")
        assert refused.value.http_status == 422


@pytest.mark.parametrize(
    "place",
    [
        "u:p@a,b/d", "u:p@a:1,b:2/d", "u:p@%2Ftmp/d", "u:p@host=evil/d", "u:p@h%20port=9/d",
        "u:p@h%2F..%2F/d", "u:p@h%00/d", "u:p@h/d@evil/x",
    ],
)  # fmt: skip
def test_a_host_that_is_several_or_a_folder_is_refused(place: str) -> None:
    with pytest.raises(InvalidInput):
        from_url("shop", "staging", f"postgresql://{place}")


@pytest.mark.parametrize(
    "database_name",
    ["host=evil port=9", "dbname='x' host='e'", "postgresql://evil/d", "", "a\nb", "x" * 256],
)
def test_a_database_name_that_is_a_connection_is_refused(settings: Settings, database_name: str) -> None:
    faults = find_faults(completed(replace(SHOP, database_name=database_name)), settings)
    assert [one.field for one in faults] == ["database_name"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "a b"), ("name", "postgresql://x"), ("name", "-x"), ("name", "x" * 81),
        ("name", "../x"), ("name", "new"), ("name", "BaseKeeper"), ("environment", "live"),
        ("dialect", "oracle"), ("host", "a,b"), ("host", "/tmp"), ("host", "a b"), ("port", 65536),
        ("port", -1), ("account", ""), ("account", "a\x00"), ("tls_mode", "allow"),
        ("tls_root_certificate", "/etc/passwd"), ("tls_root_certificate", "nothing.pem"),
    ],
)  # fmt: skip
def test_each_fault_names_its_field(settings: Settings, field: str, value: object) -> None:
    faults = find_faults(completed(replace(SHOP, **{field: value})), settings)  # type: ignore[arg-type]
    assert [one.field for one in faults] == [field]


def test_all_faults_are_told_together(settings: Settings) -> None:
    with pytest.raises(InvalidInput, match=r"(?s)Name: .*Host: .*Account: "):
        check_fields(completed(replace(SHOP, name="a b", host="a,b", account="")), settings)


def test_a_network_is_crossed_with_the_server_verified_unless_someone_says_otherwise() -> None:
    """TRUST C6: the downgrade is an exception that shows."""
    assert completed(SHOP).tls_mode == TlsMode.VERIFY_FULL
    assert completed(replace(SHOP, host="")).tls_mode == TlsMode.PREFER
    exposed = {mode: completed(replace(SHOP, tls_mode=mode)).exposure for mode in TlsMode}
    assert [mode for mode, sentence in exposed.items() if not sentence] == ["", "verify-ca", "verify-full"]
    assert not completed(replace(SHOP, host="127.0.0.1", tls_mode="disable")).exposure


def test_a_file_lies_below_the_folder_also_by_a_link(settings: Settings, tmp_path: Path) -> None:
    def faults(path: str) -> list[str]:
        fields = completed(DatabaseFields("files", "testing", "sqlite", path))
        return [one.field for one in find_faults(fields, settings)]

    (tmp_path / "databases" / "link").symlink_to("/etc")
    assert faults("shop.db") == faults(str(tmp_path / "databases/a/shop.db")) == []
    for path in (
        "../shop.db",
        "/etc/passwd",
        "link/passwd",
        str(tmp_path / "databases2/x"),
        "file:x?mode=ro/../../..",
    ):
        assert faults(path) == ["database_name"], path


def test_the_consoles_own_file_is_no_other_database(settings: Settings, tmp_path: Path) -> None:
    own, folder = tmp_path / "own.db", tmp_path / "databases"
    own.touch()
    (folder / "hard.db").hardlink_to(own)
    (folder / "plain.db").touch()
    settings = replace(settings, database=ConnectionParameters(Dialect.SQLITE, str(own)))
    faults = {
        path: [
            one.message
            for one in find_faults(completed(DatabaseFields("f", "testing", "sqlite", path)), settings)
        ]
        for path in ("hard.db", "plain.db", "missing.db")
    }
    assert faults == {"hard.db": ["This is the console's own database."], "plain.db": [], "missing.db": []}


def test_the_connection_may_go_only_where_the_settings_allow(settings: Settings, tmp_path: Path) -> None:
    file = parameters_of(completed(DatabaseFields("files", "testing", "sqlite", "a.db")), "", settings)
    assert (file.dialect, file.allowed) == (Dialect.SQLITE, (str(tmp_path / "databases"),))
    server = parameters_of(completed(SHOP), "secret", settings)
    assert server.allowed == settings.database_networks == ("127.0.0.0/8", "::1")
    assert "secret" not in repr(server) + str(server)
