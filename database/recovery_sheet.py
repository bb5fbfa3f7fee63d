"""The recovery sheet of a backup: how to bring its database back on any machine, without Basekeeper (TRUST
K5)."""

from __future__ import annotations

import re
import shlex

from core.errors import BackupDamaged
from core.text import plural, size, visible
from database.adapters.recovery import Recipe, recipe_for
from database.manifest import Manifest, StoredFile

IDENTITY = "identity.txt"

_LONGEST_NAME = 40
_IDENTITY_NEEDED = (
    f"Put the age identity, which begins with AGE-SECRET-KEY-1, into the file {IDENTITY}.",
    "Nothing else opens the backup.",
    "",
)


def recovery_sheet(name: str, manifest: Manifest) -> str:
    """The sheet of the backup of that name. Its commands are the lines that four spaces begin, to be run in
    the folder that holds the file. Raises BackupDamaged for a manifest without a file of data."""
    stored = manifest.file("data")
    if stored is None:
        raise BackupDamaged("The manifest names no file of data.")
    recipe = recipe_for(manifest.dialect, next(iter(manifest.server_numbers), 0), _new_name(manifest))
    parts = (_head(name, manifest, stored), _steps(manifest, stored, recipe), _rows(manifest))
    return "\n".join((*(line for part in parts for line in part), ""))


def _head(name: str, manifest: Manifest, stored: StoredFile) -> tuple[str, ...]:
    inventory = manifest.inventory
    return (
        f"# Recovery sheet of {name}",
        "",
        f"{visible(manifest.database)}, backed up {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC from "
        f"{visible(manifest.server)} by {visible(manifest.tool)}: {plural(len(inventory.tables), 'table')}, "
        f"{plural(inventory.rows, 'row')}.",
        f"The file {visible(stored.name)} has {size(stored.size)}."
        + (f" It is encrypted to {visible(manifest.encrypted_to)}." if manifest.encrypted_to else ""),
        "",
    )


def _steps(manifest: Manifest, stored: StoredFile, recipe: Recipe) -> tuple[str, ...]:
    tools = (*(("age",) if manifest.encrypted_to else ()), "zstd", *recipe.packages)
    return (
        "Debian and its kin have the programs:",
        "",
        f"    apt-get install {' '.join(tools)}",
        "",
        *(_IDENTITY_NEEDED if manifest.encrypted_to else ()),
        "See that the file is the one that was stored:",
        "",
        f"    echo {shlex.quote(f'{stored.sha256}  {stored.name}')} | sha256sum --check",
        "",
        "Make an empty database, and restore into it. Any message of an error means that it failed:",
        "",
        "    set -o pipefail",
        f"    {recipe.prepare}",
        f"    {_decoded(shlex.quote(stored.name), manifest)} | {recipe.restore}",
        f"    {recipe.look}",
        "",
        *(f"- {line}" for line in recipe.advice),
        "",
    )


def _decoded(file: str, manifest: Manifest) -> str:
    if manifest.encrypted_to:
        return f"age --decrypt --identity {IDENTITY} {file} | zstd --decompress"
    return f"zstd --decompress --stdout {file}"


def _rows(manifest: Manifest) -> tuple[str, ...]:
    tables = manifest.inventory.tables
    return (
        "What the restored database holds, when all went well:",
        "",
        "| table | rows |",
        "|---|--:|",
        *(f"| {visible(table.name).replace('|', chr(92) + '|')} | {table.rows:,} |" for table in tables),
    )


def _new_name(manifest: Manifest) -> str:
    safe = re.sub(r"[^a-z0-9_]+", "_", manifest.database.lower())[:_LONGEST_NAME].strip("_")
    return f"{safe or 'database'}_restored"
