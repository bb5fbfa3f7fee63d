"""Programs out of unpacked packages, run through the packages' own loader and libraries, so that nothing of
the machine's has to fit."""

from __future__ import annotations

from pathlib import Path

from tests.servers.cache import Unavailable


def command(root: Path, program: str) -> list[str]:
    """What to run for `program`, a path under `root`. Raises Unavailable when it is not there."""
    if not (root / program).exists():
        raise Unavailable(f"the packages hold no {Path(program).name}")
    loader = next(iter(sorted(root.glob("**/lib/*-linux-gnu*/ld-linux*.so.*"))), None)
    if loader is None:
        raise Unavailable("the packages hold no loader")
    libraries = [root / "usr/lib" / loader.parent.name, root / "lib" / loader.parent.name]
    return [str(loader), "--library-path", ":".join(map(str, libraries)), str(root / program)]


def wrap_clients(root: Path, folder: Path, names: tuple[str, ...]) -> None:
    """Fill `folder` with a two-line script for each client, run as if it were installed. The scripts find
    `root` from their own place, for the folder is renamed once it is whole."""
    folder.mkdir()
    for name in names:
        if not (root / "usr/bin" / name).exists():
            continue
        words = [word.replace(str(root), "$here") for word in command(root, f"usr/bin/{name}")]
        script = folder / name
        quoted = " ".join(f'"{word}"' for word in words)
        script.write_text(f'#!/bin/sh\nhere=$(cd "$(dirname "$0")/.." && pwd)\nexec {quoted} "$@"\n')
        script.chmod(0o755)
