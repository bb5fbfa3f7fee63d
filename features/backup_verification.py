"""Backups proven: held against one level after the other, each a dated fact (TRUST section 3)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from core.actor import Role
from core.backup_levels import DAMAGED, Level
from core.clock import utc_now
from core.connection import ConnectionParameters, Dialect
from core.errors import InvalidInput, NotFound
from core.progress import Operation, operation
from core.text import visible
from database.adapters.backup import BackupAdapter, Source
from database.adapters.backup_adapters import backup_adapter_for
from database.context import current_settings
from database.keepers import backup_means
from database.proving import Case, Proof, prove
from database.transactions import transaction
from features.backup_assertions import read_assertions
from features.backup_rows import BackupFacts, facts_of, find_backup
from features.backup_subjects import find_subject
from features.restore_sources import opened_source, read_source_manifest
from models import Backup, BackupEvidence

_FATAL = (Level.INTACT, Level.READABLE)  # where what is stored fails, it is not what was stored
_log = logging.getLogger("basekeeper.backups")


@operation("backup.verify", title="Verify {backup}", target="{backup}", role=Role.OPERATOR, attempts=2)
def verify_backup(op: Operation, backup: str, level: str = Level.EQUAL) -> BackupFacts:
    """Hold the backup of that id or name against every level up to `level`, from its stored bytes to a
    restored copy in a database made for this alone, which is dropped; what was seen before is kept. Raises
    NotFound, InvalidInput for what is no level, BackupDamaged, BackupLocked for an encrypted one whose
    identity is not here, BackupIncompatible, ToolError, ServerError: what was met until then is kept."""
    wanted = _level(level)
    facts = _read(backup)
    case = Case(
        facts.size,
        lambda: _opened(op, facts),
        _offline(facts),
        lambda: _connect(facts),
        read_assertions(facts.database) if wanted.reaches(Level.HEALTHY) else (),
    )
    prove(op, case, wanted, lambda proof: keep_proof(op, facts, proof))
    return _read(facts.id)


def keep_proof(op: Operation, facts: BackupFacts, proof: Proof) -> None:
    """Write the fact down, and what the backup is proven to be by it."""
    now = utc_now()
    with transaction() as session:
        session.add(
            BackupEvidence(
                backup_id=facts.id,
                level=proof.level,
                is_met=proof.is_met,
                seen_at=now,
                seconds=proof.seconds,
                details=proof.details,
                operation_id=op.id,
            )
        )
        row = session.get_one(Backup, facts.id)
        if level := _proven(row, proof):
            row.level, row.proven_at = level, now
        if proof.is_met and proof.level is Level.RESTORED:
            row.restore_seconds = proof.seconds
    if proof.is_met:
        op.note(f"{proof.level.capitalize()}: {proof.details}.")
    elif proof.level in _FATAL:
        _log.error("The backup %s is damaged: %s", facts.name, proof.details)


def _level(level: str) -> Level:
    try:
        return Level(level)
    except ValueError:
        raise InvalidInput(
            f'"{visible(level[:40])}" is no level.', hint=f"Levels: {', '.join(Level)}."
        ) from None


def _read(backup: str) -> BackupFacts:
    with transaction() as session:
        return facts_of(find_backup(session, backup))


@contextmanager
def _opened(op: Operation, facts: BackupFacts) -> Iterator[Source]:
    _, manifest = read_source_manifest(facts.id)
    with opened_source(op, facts, manifest) as source:
        yield source


def _offline(facts: BackupFacts) -> BackupAdapter:
    """Who reads the backup while no server is asked."""
    nobody = ConnectionParameters(Dialect(facts.dialect), facts.database)
    return backup_adapter_for(nobody, nobody, backup_means(current_settings()))


def _connect(facts: BackupFacts) -> BackupAdapter:
    try:
        return find_subject(facts.database).open_adapter()
    except NotFound as error:
        error.hint = "To restore its backups, register a database of that name on a server of its kind."
        raise


def _proven(row: Backup, proof: Proof) -> str:
    """What the backup counts as from now on, "" when it stays what it is: the highest level that was ever
    met, until it is damaged."""
    if not proof.is_met:
        return DAMAGED if proof.level in _FATAL else ""
    return proof.level if row.level == DAMAGED or proof.level.reaches(Level(row.level)) else ""
