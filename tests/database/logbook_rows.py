"""Rows of the console's own tables, as values."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.clock import utc_now
from core.naming import new_id


def user(name: str) -> dict[str, Any]:
    return {"username": name, "email": f"{name}@example.com", "name": name}


def session(user_id: int, what: str) -> dict[str, Any]:
    until = utc_now() + timedelta(hours=1)
    return {"token_hash": what.ljust(64), "user_id": user_id, "expires_at": until, "ip_address": "192.0.2.7"}


def online(user_id: int) -> dict[str, Any]:
    return {"user_id": user_id, "username": "bob", "ip_address": "192.0.2.7", "user_agent": "Agent"}


def link(what: str) -> dict[str, Any]:
    made = {"token_hash": what.ljust(64), "purpose": "first_admin", "issuer": "test"}
    return made | {"expires_at": utc_now() + timedelta(hours=1)}


def token(user_id: int, name: str) -> dict[str, Any]:
    made = {"id": new_id(), "user_id": user_id, "name": name, "prefix": name, "hash": "0" * 64}
    return made | {"role": "viewer", "created_by": "test", "expires_at": utc_now() + timedelta(days=1)}


def failure() -> dict[str, Any]:
    return {"at": utc_now(), "account": "ada", "network": "192.0.2.0/24", "ip_address": "192.0.2.7"}


def lock(target: str) -> dict[str, Any]:
    held = {"target": target, "operation_id": new_id(), "title": "Work", "actor": "ada"}
    return held | {"taken_at": utc_now(), "host": "here", "pid": 1, "process": "1/2/3/4"}


def record(state: str, created_at: Any) -> dict[str, Any]:
    made = {"id": new_id(), "kind": "test.work", "title": "Work", "target": new_id(), "state": state}
    return made | {"actor": "ada", "through": "cli", "created_at": created_at}


def backup(name: str) -> dict[str, Any]:
    made = {"id": new_id(), "database": "shop", "made_by": "ada", "dialect": "sqlite", "sha256": "0" * 64}
    return made | {"file": f"{name}.db.zst", "size": 5, "taken_at": utc_now()}


def evidence(backup_id: str) -> dict[str, Any]:
    seen = {"backup_id": backup_id, "level": "intact", "is_met": True, "seen_at": utc_now()}
    return seen | {"seconds": 1.5, "details": "seen"}


def replacement(backup_id: str) -> dict[str, Any]:
    names = {"live_name": "shop", "new_name": "bk_new", "kept_name": "shop_old", "database": "shop"}
    return {"id": new_id(), "backup_id": backup_id, "created_at": utc_now(), **names}
