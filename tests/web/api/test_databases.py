"""Databases at the API, without their passwords (TRUST Z5)."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import insert

from core.clock import utc_now
from core.naming import new_id
from features.databases import own_database
from models import RegisteredDatabase, db
from tests.web.api.program import Program, make_token
from tests.web.conftest import MakeApp
from tests.web.visitor import add_first_admin


@pytest.fixture
def console(make_app: MakeApp, database_url: str) -> Flask:
    """A console on each kind of server, that knows one more database."""
    app = make_app(database_url)
    add_first_admin(app)
    row: dict[str, object] = {
        "id": new_id(),
        "name": "shop",
        "environment": "staging",
        "dialect": "postgresql",
    }
    row |= {"host": "db.example.net", "port": 5432, "database_name": "shop", "account": "app"}
    row |= {"password": "v1:canary", "tls_mode": "", "tls_root_certificate": "", "created_by": "mvogt"}
    row |= {"state": "reachable", "version": "16.14", "size": 5 * 10**12, "message": ""}
    with app.app_context():
        db.session.execute(insert(RegisteredDatabase).values(**row, checked_at=utc_now()))
        db.session.commit()
    return app


def test_all_databases_the_own_one_first(console: Flask) -> None:
    answer = Program(console, make_token(console, "viewer").text).get("/api/v1/databases")
    own, shop = answer.get_json()["databases"]
    assert (own["is_own"], own["state"], own["environment"]) == (True, "reachable", "development")
    assert shop | {"checked_at": ""} == {
        "name": "shop",
        "is_own": False,
        "environment": "staging",
        "dialect": "postgresql",
        "place": "db.example.net:5432/shop",
        "state": "reachable",
        "message": "",
        "version": "16.14",
        "size": 5 * 10**12,
        "checked_at": "",
    }
    assert "canary" not in answer.text and "account" not in answer.text
    with console.app_context():
        place = own_database().fields.place
    known = Program(console, make_token(console, "admin").text).get("/api/v1/databases")
    assert known.get_json()["databases"][0]["place"] == place
    assert own["place"] == (place.rpartition("/")[2] if own["dialect"] == "sqlite" else place)
