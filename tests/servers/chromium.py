"""A Chromium for the browser tests: named by the user, installed, or unpacked from Debian's packages into the
cache and never installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.servers.cache import Unavailable, build_once
from tests.servers.debs import system_release, unpack_packages

NAME = "chromium"
NAMED_BY = "TEST_CHROMIUM"  # a path, or the word below
FETCH = "fetch"  # use none that is installed
_INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PACKAGES = ("chromium", "fonts-dejavu-core")
_PROGRAM = "usr/lib/chromium/chromium"
_HANDED_ON = "BASEKEEPER_TEST_BROWSER"
_VERSION = re.compile(r"(\d+(?:\.\d+){3})")

# Chromium starts copies of itself by its own path, so it cannot be run through a loader: the machine's own
# loader runs it, with the packages' libraries and without their libc, which would have to be the loader's.
_LIBC = re.compile(
    r"(ld-linux[\w.-]*|lib(c|m|mvec|dl|rt|pthread|resolv|util|anl|nsl|nss_\w+))\.so(\.[\d.]+)?"
)
_BELOW = ("nss", "pulseaudio")  # folders that an installed library would find by its own place
_SCRIPT = """#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
export FONTCONFIG_FILE="$here/fonts.conf"
export LD_LIBRARY_PATH="{libraries}"
exec "$here/{program}" "$@"
"""
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<dir prefix="relative">usr/share/fonts</dir><cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""


@dataclass(frozen=True)
class Chromium:
    """A browser that was seen to start."""

    path: str
    version: str
    ours: bool


@dataclass(frozen=True)
class NoChromium:
    """Why no test can have one in this run."""

    reason: str


def find() -> Chromium:
    """The one the user named, else an installed one, else one of our own, fetched when the cache lacks it.
    Raises Unavailable; one that was named is never replaced."""
    named = os.environ.get(NAMED_BY, "")
    if named and named != FETCH:
        return _checked(named, ours=False)
    for name in _INSTALLED if named != FETCH else ():
        try:
            return _checked(shutil.which(name) or "", ours=False)
        except Unavailable:
            continue  # some systems have a script of that name that only tells how to get one
    return _checked(str(fetch() / NAME), ours=True)


def fetch() -> Path:
    """The folder with its unpacked packages. Raises Unavailable."""
    return build_once(f"{NAME}-{system_release().get('VERSION_CODENAME', 'unknown')}", _unpack)


def hand_on(wanted: bool) -> Chromium | NoChromium:
    """Find one for the whole run, and let the other processes of the run read of it."""
    found: Chromium | NoChromium
    try:
        found = find() if wanted else NoChromium("left out by --servers")
    except (Unavailable, OSError) as error:
        found = NoChromium(str(error))
    os.environ[_HANDED_ON] = json.dumps(asdict(found))
    return found


def handed_on() -> Chromium | NoChromium:
    """What `hand_on` found for this run."""
    fields = json.loads(os.environ.get(_HANDED_ON, '{"reason": "no test run has looked for one"}'))
    return Chromium(**fields) if "path" in fields else NoChromium(**fields)


def line(one: Chromium | NoChromium) -> str:
    """What a report says of it."""
    if isinstance(one, NoChromium):
        return f"{NAME} missing: {one.reason}"
    return f"{NAME} {one.version}" + ("" if one.ours else f" ({one.path})")


def _checked(path: str, *, ours: bool) -> Chromium:
    try:
        run = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, cwd="/")
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{path or NAME} does not start") from error
    version = _VERSION.search(run.stdout)
    if run.returncode or version is None:
        said = run.stderr.strip().splitlines() or ["it tells no version"]
        raise Unavailable(f"{path} does not start: {said[-1]}")
    return Chromium(path, version.group(1), ours)


def _unpack(folder: Path) -> None:
    unpack_packages(folder, _PACKAGES)
    if not (folder / _PROGRAM).exists():
        raise Unavailable("this system's package of Chromium does not hold it")
    libraries = [*folder.glob("lib/*-linux-gnu*"), *folder.glob("usr/lib/*-linux-gnu*")]
    for file in [file for one in libraries for file in one.iterdir() if _LIBC.fullmatch(file.name)]:
        file.unlink()
    places = [place for one in libraries for place in (one, *map(one.joinpath, _BELOW)) if place.is_dir()]
    words = ":".join(f"$here/{place.relative_to(folder)}" for place in places)
    (folder / "fonts.conf").write_text(_FONTS)
    (folder / NAME).write_text(_SCRIPT.format(libraries=words, program=_PROGRAM))
    (folder / NAME).chmod(0o755)
