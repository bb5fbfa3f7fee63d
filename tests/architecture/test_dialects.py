"""Dialects stay home: outside the adapters nothing asks which kind of server it talks to."""

from __future__ import annotations

import re

from tests.architecture.house import ROOT, source_files

# Where a kind of server is named by its nature: the fields of a connection, their written forms, the
# column types, and the client programs.
HOME = ("database/adapters/", "core/", "database/url.py", "database/tools.py", "models/types.py")
QUESTION = re.compile(
    r"dialect(\.name)?\s*(==|!=|\bis\b|\bin\b)|Dialect\.[A-Z]+|[\"'](postgresql|mariadb)[\"']"
)


def test_no_question_for_the_dialect_outside_the_adapters() -> None:
    asked = [
        f"{name}:{number} {line.strip()}"
        for path in source_files()
        if not (name := str(path.relative_to(ROOT))).startswith(HOME)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if QUESTION.search(line)
    ]
    assert not asked
