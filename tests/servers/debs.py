"""Unpack Debian packages into the cache without installing them: apt fetches, dpkg only extracts."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.servers.cache import Unavailable

_APT_TIMEOUT = 600
_KEYRINGS = Path("/usr/share/keyrings")


def system_release() -> dict[str, str]:
    """What the system says of itself (ID, VERSION_CODENAME ...); empty when it says nothing."""
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def unpack_packages(root: Path, packages: Sequence[str], suite: str | None = None) -> None:
    """Fetch `packages` with all they need and unpack them into `root`: from the machine's own sources, or
    from `suite` on the same mirror. Raises Unavailable."""
    for program in ("apt-get", "dpkg"):
        if shutil.which(program) is None:
            raise Unavailable(f"{program} is not on this system")
    state = root / "apt"
    options = _private_options(state)
    if suite is not None:
        options += _other_suite(state, suite)
    # One broken source of the machine must not matter; the install says what cannot be had.
    update = _run(["apt-get", *options, "-qq", "update"])
    install = ["install", "--no-install-recommends", "--download-only", *packages]
    _succeed(["apt-get", *options, "-qq", "-y", *install], before=update.stderr)
    for archive in sorted((state / "archives").glob("*.deb")):
        _succeed(["dpkg", "-x", str(archive), str(root)])
    shutil.rmtree(state)


def _private_options(state: Path) -> list[str]:
    """Options that keep apt away from the machine's own lists, locks and record of what is installed: with
    an empty record it fetches every library, so nothing has to be there."""
    for name in ("lists/partial", "archives/partial"):
        (state / name).mkdir(parents=True)
    (state / "status").touch()
    places = {
        "Dir::State": state,
        "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache": state,
        "Dir::Cache::archives": state / "archives",
        "APT::Sandbox::User": "root",
        "Acquire::Retries": 2,
        "Acquire::http::Timeout": 20,
        "Acquire::https::Timeout": 20,
        "Acquire::Languages": "none",
    }
    return [text for name, value in places.items() for text in ("-o", f"{name}={value}")]


def _other_suite(state: Path, suite: str) -> list[str]:
    sources = state / "suite.sources"
    keyring = next(iter(sorted(_KEYRINGS.glob("debian-archive-keyring.*"))), None)
    lines = ["Types: deb", f"URIs: {_mirror(state)}", f"Suites: {suite}", "Components: main"]
    if keyring is not None:
        lines.append(f"Signed-By: {keyring}")
    sources.write_text("\n".join(lines) + "\n")
    return ["-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=/dev/null"]


def _mirror(state: Path) -> str:
    """The mirror that this Debian machine takes its own release from."""
    release = system_release()
    if release.get("ID") != "debian":
        raise Unavailable("it comes from Debian's own mirror, and this system is not Debian")
    own = release.get("VERSION_CODENAME", "")
    lines = _succeed(
        ["apt-get", "-o", f"Dir::State::lists={state / 'lists'}", "indextargets", "--no-release-info"]
        + ["--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"]
    )
    for line in lines.splitlines():
        uri, found, component = line.split()
        if component == "main" and found in (own, "stable", "testing", "unstable", "sid"):
            return uri
    raise Unavailable("the machine's apt sources name no Debian mirror")


def _succeed(argv: list[str], before: str = "") -> str:
    """Run it for its output. Raises Unavailable with what it said, and with what went wrong `before`."""
    done = _run(argv)
    if done.returncode == 0:
        return done.stdout
    said = [_first_complaint(text) for text in (done.stderr, before) if text.strip()]
    raise Unavailable(f"{argv[0]}: {'; '.join(said) or f'exit code {done.returncode}'}")


def _run(argv: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_APT_TIMEOUT
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{argv[0]} took more than {_APT_TIMEOUT} s") from error


def _first_complaint(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines()]
    return next((line for line in lines if line.startswith("E:")), lines[0])
