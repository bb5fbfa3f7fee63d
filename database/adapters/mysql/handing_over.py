"""A restored database given to those who had the one that was backed up: definers and grants as the manifest
says, and the account that restored it dropped."""

from __future__ import annotations

from collections.abc import Iterator

from core.errors import ServerError
from core.failpoints import failpoint
from core.progress import Operation
from core.text import plural, visible
from database.adapters.backup import Place
from database.adapters.mysql.backup_session import Session, session_of
from database.adapters.mysql.code import Code, account_in_sql, read_code
from database.adapters.mysql.code_making import drop, make_leniently
from database.adapters.mysql.grants import account, give, grant_of, is_lost, known_accounts, pattern
from database.adapters.mysql.places import drop_account
from database.adapters.mysql.site import Site
from database.manifest import FactKind, Manifest


def hand_over_place(op: Operation, site: Site, place: Place, manifest: Manifest | None) -> tuple[str, ...]:
    """Set definers and grants, then drop the place's account; gives what could not be done."""
    with site.as_keeper(op, place.name) as session:
        said = [*_set_definers(site, session, place, manifest)]
        failpoint("hand_over.definers")
        said += _grant(site, session, place, manifest)
        failpoint("hand_over.granted")
        if place.account:
            drop_account(session, place.account)
        asleep = [code.name for code in read_code(session) if code.kind == "event" and code.is_on]
    if asleep:
        op.note(
            f"{plural(len(asleep), 'event')} will not run before the database is live: {', '.join(asleep)}."
        )
    failpoint("hand_over.done")
    return tuple(said)


def _set_definers(site: Site, session: Session, place: Place, manifest: Manifest | None) -> Iterator[str]:
    code, owner, there = read_code(session), _owner(site), known_accounts(session)
    wishes = _wishes(place, manifest, code, owner)
    for one in code:
        wish = wishes[one.label]
        if is_lost(there, manifest, wish):
            yield f"The {one.label} belongs to {owner}: the account {wish} is not there."
            wishes[one.label] = owner
    changed = {one.label for one in code if wishes[one.label] != one.definer}
    tables = {one.table for one in code if one.label in changed} - {""}
    for one in code:
        # The triggers of a table keep their order only when all of them are made anew.
        if one.label in changed or one.table in tables:
            yield from _make_anew(session, one, wishes[one.label])


def _wishes(place: Place, manifest: Manifest | None, code: tuple[Code, ...], owner: str) -> dict[str, str]:
    """In whose name each is to be."""
    wanted = manifest.inventory.of(FactKind.OWNER) if manifest else {}
    temporary = account_in_sql(f"{place.account}@%") if place.account else ""
    return {
        one.label: wanted.get(one.label) or (owner if one.definer == temporary else one.definer)
        for one in code
    }


def _make_anew(session: Session, code: Code, definer: str) -> Iterator[str]:
    drop(session, code)
    if said := make_leniently(session, code, definer, awake=False):
        yield said


def _grant(site: Site, session: Session, place: Place, manifest: Manifest | None) -> Iterator[str]:
    if manifest is None:
        yield from _grant_to_owner(site, session, place)
        return
    for fact in manifest.inventory.facts:
        if fact.kind is not FactKind.GRANT:
            continue
        try:
            if grant := grant_of(fact):
                give(session, place.name, grant)
        except ServerError as error:
            yield f"{visible(fact.name)} was not granted {fact.value}: {error.message}"


def _grant_to_owner(site: Site, session: Session, place: Place) -> Iterator[str]:
    if site.database.user == site.keeper.user:
        return
    owner = _owner(site)
    try:
        session.rows(f"GRANT ALL PRIVILEGES ON {pattern(session, place.name)}.* TO {owner}")
    except ServerError as error:
        yield f"{owner} was not given {visible(place.name)}: {error.message}"


def _owner(site: Site) -> str:
    """The account of the live database, as the server knows it."""
    try:
        with session_of(site.database, site.means, database="") as session:
            return account_in_sql(session.adapter.account)
    except ServerError:
        return account(site.database.user, "%")
