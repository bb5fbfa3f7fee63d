"""Definitions that PostgreSQL words otherwise after a dump of them was read back."""

from __future__ import annotations

import pytest

from database.adapters.postgresql.wording import settled

_CAST = "'{}'::character varying"


@pytest.mark.parametrize(
    "pieces",
    [("a", "b"), ("one",), ("it''s, (fine]", "x"), ("]::text[]", "[")],
    ids=("two", "one", "odd", "brackets"),
)
def test_an_array_is_cast_piece_by_piece(pieces: tuple[str, ...]) -> None:
    texts = [_CAST.format(piece) for piece in pieces]
    before = f"CHECK (((role)::text = ANY ((ARRAY[{', '.join(texts)}])::text[])))"
    after = ", ".join(f"({text})::text" for text in texts)
    assert settled(before) == f"CHECK (((role)::text = ANY (ARRAY[{after}])))"
    assert settled(settled(before)) == settled(before)


@pytest.mark.parametrize(
    "text",
    [
        "CHECK ((n = ANY (ARRAY[1, 2])))",
        "CREATE INDEX i ON public.t USING btree (a) WHERE (b > 1)",
        "",
    ],
)
def test_what_is_worded_in_one_way_stays(text: str) -> None:
    assert settled(text) == text
