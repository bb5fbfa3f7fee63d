"""Write docs/reference/commands.md from the commands' own help: python scripts/generate_reference.py"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from cli.manage import manage  # noqa: E402  (the path comes first)
from cli.migrate import migrate  # noqa: E402
from cli.runtime import CONTEXT_SETTINGS  # noqa: E402

SETTINGS: dict[str, Any] = dict(CONTEXT_SETTINGS)
PAGE = ROOT / "docs/reference/commands.md"
INTRODUCTION = """# Commands

Written by `python scripts/generate_reference.py` from what each command's `--help` says. The health check
has [a page of its own](health.md).
"""


def reference() -> str:
    """The whole page."""
    sections = [*_sections(manage, "manage_db.py"), *_sections(migrate, "migrate.py")]
    return "\n".join([INTRODUCTION, *sections])


def _sections(group: click.Group, program: str) -> Iterator[str]:
    context = click.Context(group, info_name=f"python {program}", terminal_width=100, **SETTINGS)
    yield f"## {program}\n\n```\n{group.get_help(context)}\n```\n"
    yield from _commands(group, context, program)


def _commands(group: click.Group, parent: click.Context, path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        context = click.Context(command, info_name=name, parent=parent, terminal_width=100)
        yield f"### {path} {name}\n\n```\n{command.get_help(context)}\n```\n"
        if isinstance(command, click.Group):
            yield from _commands(command, context, f"{path} {name}")


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
