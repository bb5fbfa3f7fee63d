"""Every feature that may wait for a worker, by kind. Their arguments wait in a row, so they are plain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.progress import Feature
from features.backup_verification import verify_backup
from features.backups import create_backup
from features.foreign_backups import adopt_backup
from features.migrations import apply_migrations
from features.replacements import drop_kept, settle_replacement, undo_restore
from features.restores import restore_backup
from features.retention import prune_backups
from features.seed_indexes import put_indexes_back
from features.seed_removal import clean_old, clean_seeded, undo_run
from features.seed_table_removal import undo_tables
from features.seed_tables import seed_tables
from features.seeding import resume_seed, seed
from features.verification import verify_schema
from operations.audit_chain import verify_audit

FEATURES: tuple[Feature[Any, Any], ...] = (
    verify_audit,
    verify_schema,
    apply_migrations,
    create_backup,
    verify_backup,
    prune_backups,
    restore_backup,
    undo_restore,
    drop_kept,
    settle_replacement,
    adopt_backup,
    seed,
    resume_seed,
    clean_seeded,
    clean_old,
    undo_run,
    seed_tables,
    undo_tables,
    put_indexes_back,
)
CATALOGUE: Mapping[str, Feature[Any, Any]] = {feature.declaration.kind: feature for feature in FEATURES}
