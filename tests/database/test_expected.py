"""The names that the health check looks for are those of the models, and the adapters find them."""

from __future__ import annotations

import runpy
from pathlib import Path

from core.connection import parse_url
from database import expected
from database.adapters import closing_connection
from tests.database.schemas import make_schema

ROOT = Path(__file__).parents[2]


def test_the_file_is_what_the_generator_makes_of_the_models() -> None:
    generator = runpy.run_path(str(ROOT / "scripts" / "generate_expected.py"))
    assert (ROOT / "database" / "expected.py").read_text(encoding="utf-8") == generator["render"]() + "\n"


def test_a_whole_schema_has_every_expected_name(database_url: str) -> None:
    make_schema(database_url)
    with closing_connection(parse_url(database_url), 10) as (adapter, connection):
        names = adapter.schema_names(connection)
    assert names.tables >= expected.TABLES
    assert names.columns >= expected.COLUMNS
    assert names.indexes >= expected.INDEXES
    assert names.constraints >= expected.CONSTRAINTS
