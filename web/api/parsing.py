"""What programs send, read strictly: a field that nobody asked for is refused (TRUST Z4)."""

from __future__ import annotations

from typing import Any

from flask import Request
from marshmallow import RAISE
from webargs.core import missing
from webargs.flaskparser import FlaskParser, abort, is_json_request


class StrictParser(FlaskParser):
    """The library's parser, with what it leaves open closed."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
    }

    def _raw_load_json(self, req: Request) -> Any:
        if not req.get_data(cache=True):
            return missing
        if not is_json_request(req):
            abort(422, messages="The body is not JSON. Send it with Content-Type: application/json.")
        try:
            return super()._raw_load_json(req)
        except (RecursionError, ValueError):  # brackets or digits without end
            abort(400, messages="The body is not JSON.")
