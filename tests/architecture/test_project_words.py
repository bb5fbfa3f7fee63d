"""The project speaks only of itself, and calls each thing by one word."""

from __future__ import annotations

import re
import subprocess

from tests.architecture.house import ROOT

# Words the vocabulary replaced, and the word that stands instead.
REPLACED = {
    r"\bwhitelist|\bblacklist": "allow-list, refuse",
    r"\bsuccessfully\b|\boops\b": "say what was seen",
    r"\bbackup job\b": "operation",
    r"\bdatabase engine\b": "dialect, or kind of server",
    r"\blog ?in link\b": "sign-in link",
}
MARKS = re.compile(r"\b(TODO|FIXME|XXX)\b")
MACHINE = re.compile(r"(?<![\w.])/(home|root|Users|work)/\w+")


def tracked_files() -> list[str]:
    run = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [
        name
        for name in run.stdout.split()
        if not name.startswith(("static/vendor", "tests/architecture"))
        and name.endswith((".py", ".md", ".html", ".sh", ".toml", ".txt", ".css", ".js", ".yaml", ".yml"))
        and (ROOT / name).exists()
    ]


def test_one_word_per_thing_and_no_path_of_a_machine() -> None:
    found = []
    for name in tracked_files():
        text = (ROOT / name).read_text(encoding="utf-8")
        found += [f"{name}: {instead}" for word, instead in REPLACED.items() if re.search(word, text, re.I)]
        found += [f"{name}: {match.group()}" for match in (MARKS.search(text), MACHINE.search(text)) if match]
    assert not found
