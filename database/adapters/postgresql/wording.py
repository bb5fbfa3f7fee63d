"""One wording for what PostgreSQL words in two ways: an array of texts that is cast as a whole is cast piece
by piece once a dump of it was read back. Both mean the same, and an inventory says both in the same words.

    (ARRAY['a'::character varying, 'b'::character varying])::text[]
    ARRAY[('a'::character varying)::text, ('b'::character varying)::text]"""

from __future__ import annotations

import re

_QUOTED = r"'(?:[^']|'')*'"
_ARRAY = re.compile(
    rf"\(ARRAY\[(?P<pieces>(?:[^][']|{_QUOTED})*)\]\)::(?P<type>[a-z][a-z ]*(?:\(\d+\))?)\[\]"
)
_PIECE = re.compile(rf"(?:[^,'(]|{_QUOTED}|\((?:[^()']|{_QUOTED})*\))+")

# For the text of a view, which is only hashed: without parentheses, spaces and casts between kinds of text.
VIEW = r"regexp_replace(pg_get_viewdef(c.oid), '::(character varying|text|bpchar)(\[\])?|[()\s]', '', 'g')"


def settled(definition: str) -> str:
    """The definition as it is worded after a dump of it was read back."""
    return _ARRAY.sub(_piece_by_piece, definition)


def _piece_by_piece(array: re.Match[str]) -> str:
    pieces = (piece.strip() for piece in _PIECE.findall(array["pieces"]))
    cast = [f"({piece})::{array['type']}" for piece in pieces]
    return f"ARRAY[{', '.join(cast)}]"
