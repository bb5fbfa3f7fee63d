"""docs/reference/commands.md says what the commands' own help says."""

from __future__ import annotations

import click

from cli.manage import manage
from cli.migrate import migrate
from scripts.generate_reference import PAGE, reference


def test_the_reference_equals_the_help() -> None:
    mend = "Run: python scripts/generate_reference.py"
    assert PAGE.read_text(encoding="utf-8") == reference(), mend


def test_no_list_of_commands_cuts_a_sentence_off() -> None:
    """On a terminal of 80 columns, of which Click leaves eight empty."""
    groups: list[click.Group] = [manage, migrate]
    found: dict[str, str] = {}
    while groups:
        group = groups.pop()
        longest = max(map(len, group.commands))
        for name, command in group.commands.items():
            found[name] = command.get_short_help_str(80 - 8 - longest)
            groups += [command] if isinstance(command, click.Group) else []
    assert {name: text for name, text in found.items() if text.endswith("...")} == {}
