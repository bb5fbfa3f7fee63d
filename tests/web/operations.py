"""Operations as their rows say, for tests of the pages that show them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert, update

from core.clock import utc_now
from models import OperationLine, OperationPhase, OperationRecord, db

ID = "01jd0000000000000000000001"


def add_operation(console: Flask, id: str = ID, **values: Any) -> str:
    """An operation that runs, or what `values` say."""
    now = utc_now()
    row = {
        "id": id,
        "kind": "test.work",
        "title": "Back up shelf",
        "target": "shelf",
        "state": "running",
        "actor": "ada",
        "through": "web",
        "created_at": now - timedelta(minutes=2),
        "started_at": now - timedelta(minutes=2),
        "attempt": 1,
        "attempts": 3,
        "worker": "worker-1, process 7",
        "heartbeat_at": now - timedelta(seconds=4),
    }
    with console.app_context():
        db.session.execute(insert(OperationRecord).values(row | values))
        db.session.commit()
    return id


def add_phase(console: Flask, position: int = 0, **values: Any) -> None:
    now = utc_now()
    row = {
        "operation_id": ID,
        "attempt": 1,
        "position": position,
        "name": "Copy rows",
        "done": 640,
        "total": 1000,
        "unit": "row",
        "started_at": now - timedelta(seconds=64),
        "speeds": [[1.0, 8.0], [2.0, 10.0], [3.0, 12.0]],
    }
    with console.app_context():
        db.session.execute(insert(OperationPhase).values(row | values))
        db.session.commit()


def add_lines(console: Flask, *messages: str) -> None:
    rows = [{"operation_id": ID, "at": utc_now(), "message": message} for message in messages]
    with console.app_context():
        db.session.execute(insert(OperationLine), rows)
        db.session.commit()


def change(console: Flask, model: Any, **values: Any) -> None:
    with console.app_context():
        db.session.execute(update(model).values(**values))
        db.session.commit()


def poll_of(page: str) -> tuple[str, dict[str, str]]:
    """Where the page asks next, and with which headers; "" when it does not."""
    tag = re.search(r'<div id="operation-poll"[^>]*>', page)
    assert tag
    where = re.search(r'hx-get="([^"]+)"', tag[0])
    headers = re.search(r"hx-headers='([^']+)'", tag[0])
    return (where[1].replace("&amp;", "&") if where else "", json.loads(headers[1]) if headers else {})
