"""What the page of an operation that has ended says, and where it leads: by kind, by end, by role."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from core.clock import utc_now
from core.naming import new_id
from database.transactions import transaction
from models import Replacement, SeedRun
from tests.web.backups import add, become
from tests.web.operations import ID, add_operation
from tests.web.visitor import Visitor

SEEDING, REGISTER = 'href="/seeding">Open Seeding', 'href="/databases/new">Register it'


def ended(console: Flask, kind: str, state: str = "succeeded", **more: Any) -> None:
    add_operation(console, kind=kind, state=state, finished_at=utc_now(), **more)


def next_line(reader: Visitor) -> str:
    """What the page says comes next; "" when it says nothing."""
    page = reader.get(f"/operations/{ID}").text
    return page.partition('class="operation-next">')[2].partition("</p>")[0]


def put_aside(console: Flask, **more: Any) -> str:
    """The row of what the operation put aside."""
    now = utc_now()
    row = Replacement(id=new_id(), operation_id=ID, database="shop", state="swapped", swapped_at=now)
    row.live_name, row.new_name, row.kept_name = "shop", "shop_new", "shop_before"
    row.kept_until = now + timedelta(days=3)
    for name, value in more.items():
        setattr(row, name, value)
    id = row.id
    with console.app_context(), transaction() as session:
        session.add(row)
    return id


@pytest.mark.parametrize("state", ["cancelled", "interrupted"])
def test_a_seeding_that_was_cut_off_leads_to_where_it_goes_on(
    console: Flask, admin: Visitor, state: str
) -> None:
    ended(console, "data.seed", state)
    assert next_line(admin) == ""  # it had begun no run
    run = SeedRun(id=new_id(), operation_id=ID, database="own", made_by="ada")
    run.mode, run.seed, run.wanted = "add", 1, "users 9"
    with console.app_context(), transaction() as session:
        session.add(run)
    assert "resume or undo" in next_line(admin) and SEEDING in next_line(admin)


def test_a_seeding_that_was_resumed_leads_to_its_undo(console: Flask, admin: Visitor) -> None:
    ended(console, "data.resume")
    assert "the way to undo it" in next_line(admin) and SEEDING in next_line(admin)


def test_a_backup_is_said_to_be_verified_until_it_was(console: Flask, admin: Visitor) -> None:
    ended(console, "backup.create")
    backup = add(console, level="stored", operation_id=ID)
    assert "A worker verifies it" in next_line(admin) and f'href="/backups/{backup.id}"' in next_line(admin)
    tried = {"kind": "backup.verify", "target": backup.name, "actor": "worker", "state": "failed"}
    add_operation(console, new_id(), **tried)
    assert "worker" not in next_line(admin) and f'href="/backups/{backup.id}"' in next_line(admin)


@pytest.mark.parametrize("more", [{"level": "damaged"}, {"level": "equal"}, {"level": "stored", "days": 8}])
def test_what_no_worker_verifies_is_not_said_to_be(
    console: Flask, admin: Visitor, more: dict[str, Any]
) -> None:
    ended(console, "backup.create")
    backup = add(console, operation_id=ID, **more)
    assert "worker" not in next_line(admin) and f'href="/backups/{backup.id}"' in next_line(admin)


@pytest.mark.parametrize(
    ("kind", "headline"),
    [
        ("backup.restore", "The restored shop is in place</h2>"),
        ("backup.undo", "shop is what it was before the restore</h2>"),
    ],
)
def test_what_was_swapped_can_be_put_back_by_who_may(
    console: Flask, admin: Visitor, kind: str, headline: str
) -> None:
    ended(console, kind)
    id = put_aside(console)
    assert headline in admin.get(f"/operations/{ID}").text
    undo, backups = f'href="/backups/kept/{id}/undo"', 'href="/backups?database=shop">Backups of shop'
    line = next_line(admin)
    assert "is kept until <time" in line and undo in line and backups in line
    become(console, "operator")
    assert undo not in next_line(admin) and backups in next_line(admin)


def test_a_restore_that_failed_after_the_swap_can_be_put_back(console: Flask, admin: Visitor) -> None:
    ended(console, "backup.restore", "failed", error_message="shop was restored, but its account is out.")
    undo = f'href="/backups/kept/{put_aside(console)}/undo"'
    page = admin.get(f"/operations/{ID}").text
    assert undo in next_line(admin) and "is in place" not in page


def test_what_was_kept_and_let_go_is_not_offered(console: Flask, admin: Visitor) -> None:
    ended(console, "backup.restore")
    put_aside(console, state="dropped")
    assert "undo" not in next_line(admin) and "Backups of shop" in next_line(admin)


def test_a_new_database_can_be_registered_by_who_may(console: Flask, admin: Visitor) -> None:
    ended(console, "backup.restore", arguments={"new_name": "shop_<b>"})
    assert "Restored as shop_&lt;b&gt;</h2>" in admin.get(f"/operations/{ID}").text
    assert REGISTER in next_line(admin)
    become(console, "viewer")
    assert next_line(admin) == ""


@pytest.mark.parametrize("state", ["running", "failed"])
def test_what_did_not_succeed_offers_nothing_of_it(console: Flask, admin: Visitor, state: str) -> None:
    add_operation(console, kind="backup.restore", state=state, arguments={"new_name": "shop_copy"})
    assert next_line(admin) == "" and "Restored as" not in admin.get(f"/operations/{ID}").text
