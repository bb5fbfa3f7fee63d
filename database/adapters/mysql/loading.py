"""A dump put into an empty database by the client program, signed in as an account that owns nothing else.

the backup --> rewriter: no other database, no other account --> the client program
                  `--> code that the manifest knows word for word --> the keeper makes it, in the name of
                       its definer: no other account could (TRUST D5), and no text of the dump is run by it"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import IO

from core.errors import PrivilegeMissing
from core.failpoints import failpoint
from core.progress import Operation
from database.adapters.backup import Place, Source
from database.adapters.mysql.backup_session import Session, session_of
from database.adapters.mysql.client_programs import Program, client_program
from database.adapters.mysql.code import Code, code_of
from database.adapters.mysql.code_making import collate, make_all, make_leniently
from database.adapters.mysql.dump_text import Rewriter, lines_of
from database.adapters.mysql.grants import is_lost, known_accounts
from database.adapters.mysql.site import Site
from database.manifest import FactKind, Manifest
from database.pipes import read_by

_OPTIONS = (
    "--binary-mode",  # no command of the program's own but DELIMITER, no byte changed
    "--local-infile=0",
    "--comments",  # those inside routines belong to them
    "--default-character-set=utf8mb4",
    "--max-allowed-packet=1G",
)
_BUFFER = 256 * 1024
_CODE = (FactKind.VIEW, FactKind.ROUTINE, FactKind.TRIGGER, FactKind.EVENT)


def load_dump(op: Operation, site: Site, source: Source, place: Place) -> None:
    """Restore into the empty place. Raises what `BackupAdapter.load` raises, PrivilegeMissing for a dump from
    elsewhere that no account of its own could take."""
    if not (source.is_trusted or place.account):
        raise PrivilegeMissing(
            "What was made elsewhere is restored by an account made for it alone, and none could be made.",
            hint="Set DB_ADMIN_USER and DB_ADMIN_PASSWORD to an account that may make users.",
        )
    with site.as_keeper(op, place.name) as keeper:
        server = keeper.adapter.server_version(keeper.connection)
        program = client_program(op, site.means, site.flavour, server)
        known = _known(source.manifest) if source.manifest and source.is_trusted else ()
        rewriter = Rewriter(keeper.quote(place.name), known)
        if source.manifest:
            _set_defaults(site, place, source.manifest)
        failpoint("load.begun")
        with source.data() as stream, read_by(op, partial(_run, site, place, program)) as pipe:
            _write(op, stream, rewriter, pipe)
        failpoint("load.rows")
        _make_held(keeper, source.manifest, rewriter.held)
        failpoint("load.done")


def _run(site: Site, place: Place, program: Program, op: Operation, end: IO[bytes]) -> None:
    program.run(op, place.parameters, site.means, [*_OPTIONS, *site.flavour.client_options], stdin=end)


def _write(op: Operation, stream: IO[bytes], rewriter: Rewriter, pipe: IO[bytes]) -> None:
    kept: list[bytes] = []
    size = 0
    for line, starts in lines_of(op, stream):
        if passed := rewriter.passed(line, starts):
            kept.append(passed)
            size += len(passed)
        if size >= _BUFFER:
            failpoint("load.block")
            _write_all(pipe, b"".join(kept))
            kept, size = [], 0
    _write_all(pipe, b"".join([*kept, rewriter.end()]))


def _write_all(pipe: IO[bytes], data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[pipe.write(left) :]


def _known(manifest: Manifest) -> tuple[Code, ...]:
    owners = manifest.inventory.of(FactKind.OWNER)
    code = (code_of(fact) for fact in manifest.inventory.facts if fact.kind in _CODE)
    return tuple(replace(one, definer=owners.get(one.label, "")) for one in code)


def _set_defaults(site: Site, place: Place, manifest: Manifest) -> None:
    """Character set and collation of the database, before anything is made in it."""
    said = manifest.inventory.of(FactKind.SETTING)
    if "collation" in said:
        with session_of(place.parameters, site.means) as session:
            collate(session, said["collation"])


def _make_held(keeper: Session, manifest: Manifest | None, held: list[Code]) -> None:
    there = known_accounts(keeper)

    def make_one(code: Code) -> None:
        definer = "" if is_lost(there, manifest, code.definer) else code.definer
        make_leniently(keeper, code, definer, awake=False)

    for _, error in make_all(held, make_one):
        raise error
