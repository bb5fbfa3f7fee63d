"""`manage_db.py database`: the other databases that the console knows."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Any

import click

from cli.options import Whole, common_options, confirm_name_option, examples
from cli.runtime import Invocation, OrderedGroup, pass_invocation

if TYPE_CHECKING:
    from core.database_fields import DatabaseFields
    from features.database_rows import DatabaseFacts

_READABLE = "Warning: a password in an argument can be read in the list of processes. Use --password-file."


@click.group(cls=OrderedGroup)
@common_options
def database() -> None:
    """Register other databases, list, test and remove them."""


@database.command(
    epilog=examples(
        "python manage_db.py database add shop postgresql://app@db.example.com/shop --environment staging",
        "python manage_db.py database add blog --dialect mysql --host 10.0.0.7 --user app --database blog",
        "python manage_db.py database add notes --dialect sqlite --database notes.db",
    )
)
@click.argument("name")
@click.argument("url", default="")
@click.option("--environment", help="development, testing, staging or production; the console's own.")
@click.option("--dialect", help="postgresql, mysql, mariadb or sqlite.")
@click.option("--host", help="Its host name or address; this machine.")
@click.option("--port", type=Whole(1, 65535), metavar="N", help="Its port: 5432; 3306 for mysql, mariadb.")
@click.option("--user", "account", help="The account to sign in with.")
@click.option("--database", "database_name", help="Its name there; for sqlite a path below DATABASE_FOLDER.")
@click.option("--tls-mode", help="verify-full (the default over a network) or a weaker one.")
@click.option("--ca", "tls_root_certificate", help="The certificate authority: a path below DATABASE_FOLDER.")
@click.option("--password-file", type=click.File(), help="Read the password from FILE; - is standard input.")
@click.option("--even-unreachable", is_flag=True, help="Keep it though it cannot be reached now.")
@common_options
@pass_invocation
def add(
    invocation: Invocation,
    /,
    name: str,
    url: str,
    password_file: IO[str] | None,
    even_unreachable: bool,
    **parts: Any,
) -> None:
    """Register the database at URL, or in parts, under NAME.

    The connection is tried first. The password is asked for, or read from a file; it is kept encrypted
    with CREDENTIALS_KEY.
    """
    from cli.console import say
    from core.database_fields import check_fields, completed
    from features.database_tries import NotReachable
    from features.databases import add_database, check_new_database

    given = {field: value for field, value in parts.items() if value is not None}
    fields, password = _fields(invocation, name, url, given)
    check_fields(completed(fields), invocation.settings)  # before a password is asked for
    password = password or _password(password_file, asked=not fields.is_file)
    invocation.in_context(check_new_database, fields, password)  # before anything is recorded
    try:
        facts = invocation.run(
            add_database,
            fields,
            password,
            created_by=invocation.actor.name,
            even_unreachable=even_unreachable,
        )
    except NotReachable as error:
        error.hint = f"{error.hint} Add --even-unreachable to keep it all the same."
        raise
    say(f"{facts.name} is registered. {_seen(facts)}")
    if facts.fields.exposure:
        say(facts.fields.exposure)


@database.command("list")
@common_options
@pass_invocation
def list_all(invocation: Invocation) -> None:
    """List all databases as they were last seen.

    The console's own comes first, then the registered ones.
    """
    from cli.console import say, show_table
    from core.text import size
    from features.databases import list_databases, own_database

    with invocation.context():
        found = (own_database(), *list_databases())
    headers = ("Name", "Environment", "State", "Version", "Size", "Checked", "Place")
    rows = [
        (
            one.name,
            one.fields.environment,
            one.state.replace("_", " "),
            one.version,
            "" if one.size is None else size(one.size),
            f"{one.checked_at:%Y-%m-%d %H:%M} UTC" if one.checked_at else "",
            one.fields.place,
        )
        for one in found
    ]
    show_table(headers, rows, numbers=(4,))
    for one in found:
        for line in filter(None, (one.message, one.fields.exposure)):
            say(f"{one.name}: {line}")


@database.command()
@click.argument("name")
@common_options
@pass_invocation
def test(invocation: Invocation, name: str) -> None:
    """Try the connection to the registered database NAME. Exit code 1 when it cannot be reached."""
    from cli.console import say
    from core.text import duration
    from features.database_tries import try_connection
    from features.databases import read_database

    with invocation.context():
        name = read_database(name).name  # before anything is recorded
        answer = invocation.run(try_connection, name, tried_by=invocation.actor.name)
        facts = read_database(name)
    say(f"{_seen(facts)} Answered in {duration(answer.seconds)}.")


@database.command()
@click.argument("name")
@click.option("--confirm", is_flag=True, help="Go on without asking.")
@confirm_name_option
@common_options
@pass_invocation
def remove(invocation: Invocation, name: str, confirm: bool, confirm_name: str | None) -> None:
    """Forget the registered database NAME with its password. The database itself is not touched."""
    from cli.console import confirm_destruction, say
    from features.databases import read_database, remove_database

    known = invocation.in_context(read_database, name).name
    what = f"Removing the registration of {known} with its password and its sizes"
    confirm_destruction(invocation.settings, known, what=what, confirmed=confirm, confirm_name=confirm_name)
    invocation.run(remove_database, known)
    say(f"{known} is no longer registered. The database itself was not touched.")


@database.command()
@common_options
@pass_invocation
def rekey(invocation: Invocation) -> None:
    """Encrypt the stored passwords anew, with CREDENTIALS_KEY.

    Set the new key there and the one before it in CREDENTIALS_KEY_OLD, run this, then take the old one away.
    """
    from cli.console import say
    from core.text import plural
    from features.credentials import Keyring
    from features.databases import rekey_databases

    Keyring(invocation.settings).check()  # before anything is recorded
    count = invocation.run(rekey_databases)
    say(f"{plural(count, 'password')} encrypted anew. CREDENTIALS_KEY_OLD is no longer needed.")


def _fields(invocation: Invocation, name: str, url: str, given: dict[str, Any]) -> tuple[DatabaseFields, str]:
    """What was typed in; the options beat the URL, whose password is worth a warning."""
    from dataclasses import replace

    from core.database_fields import DatabaseFields, from_url

    environment = given.pop("environment", str(invocation.settings.flask_env))
    if not url and "dialect" not in given:
        raise click.UsageError("Give its URL behind the name, or --dialect and what that takes.")
    if not url:
        dialect, database_name = given.pop("dialect", ""), given.pop("database_name", "")
        return DatabaseFields(name, environment, dialect, database_name, **given), ""
    fields, password = from_url(name, environment, url)
    if password:
        click.echo(_READABLE, err=True)
    return replace(fields, **given), password


def _password(file: IO[str] | None, *, asked: bool) -> str:
    if file is not None:
        return file.read().rstrip("\r\n")
    if not (asked and sys.stdin.isatty()):
        return ""
    return str(click.prompt("Password", default="", show_default=False, hide_input=True, err=True))


def _seen(facts: DatabaseFacts) -> str:
    if facts.is_reachable:
        return f"{facts.name} is reachable: {facts.version}."
    return f"{facts.name} is not reachable ({facts.state.replace('_', ' ')}). {facts.message}"


commands = (database,)
