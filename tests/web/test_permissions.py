"""Deny by default (TRUST D10, Z1): every endpoint declares who may open it, and each role gets what is
declared and no more."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import update

from core.actor import Role
from models import User, db
from tests.web.visitor import Visitor
from web.permissions import PUBLIC, allow, declared_permission, needs_proof

# What is open to whom. A new endpoint has no row here, and fails the build until somebody decides.
MATRIX = {
    "activity.export": Role.ADMIN,
    "activity.index": Role.ADMIN,
    "api_activity.export": Role.ADMIN,
    "api_activity.index": Role.ADMIN,
    "api_audit.export": Role.ADMIN,
    "api_audit.index": Role.ADMIN,
    "api_audit.verify": Role.ADMIN,
    "api_backups.create": Role.OPERATOR,
    "api_backups.index": Role.VIEWER,
    "api_backups.show": Role.VIEWER,
    "api_backups.update": Role.OPERATOR,
    "api_backups.verify": Role.OPERATOR,
    "api_databases.index": Role.VIEWER,
    "api_document.show": Role.VIEWER,
    "api_migrations.create": Role.ADMIN,
    "api_migrations.show": Role.VIEWER,
    "api_online.delete": Role.ADMIN,
    "api_online.index": Role.ADMIN,
    "api_operations.again": Role.OPERATOR,
    "api_operations.cancel": Role.OPERATOR,
    "api_operations.index": Role.VIEWER,
    "api_operations.show": Role.VIEWER,
    "api_replacements.index": Role.VIEWER,
    "api_replacements.undo": Role.ADMIN,
    "api_restores.create": Role.ADMIN,
    "api_restores.show": Role.ADMIN,
    "api_retention.create": Role.ADMIN,
    "api_retention.show": Role.ADMIN,
    "api_seeding.create": Role.ADMIN,
    "api_seeding.show": Role.VIEWER,
    "api_seeding.undo": Role.ADMIN,
    "api_test-data.cleanup": Role.ADMIN,
    "api_test-data.generate": Role.ADMIN,
    "api_tokens.create": Role.ADMIN,
    "api_tokens.delete": Role.ADMIN,
    "api_tokens.index": Role.ADMIN,
    "api_users.activate": Role.ADMIN,
    "api_users.create": Role.ADMIN,
    "api_users.deactivate": Role.ADMIN,
    "api_users.end_sessions": Role.ADMIN,
    "api_users.export": Role.ADMIN,
    "api_users.index": Role.ADMIN,
    "api_users.reset": Role.ADMIN,
    "api_users.show": Role.ADMIN,
    "api_users.update": Role.ADMIN,
    "appearance.update": PUBLIC,
    "audit.export": Role.ADMIN,
    "audit.index": Role.ADMIN,
    "audit.verify": Role.ADMIN,
    "backups.create": Role.OPERATOR,
    "backups.download": Role.ADMIN,
    "backups.index": Role.VIEWER,
    "backups.new": Role.OPERATOR,
    "backups.pin": Role.OPERATOR,
    "backups.sheet": Role.VIEWER,
    "backups.show": Role.VIEWER,
    "backups.verify": Role.OPERATOR,
    "databases.confirm_remove": Role.ADMIN,
    "databases.create": Role.ADMIN,
    "databases.edit": Role.ADMIN,
    "databases.index": Role.VIEWER,
    "databases.new": Role.ADMIN,
    "databases.remove": Role.ADMIN,
    "databases.show": Role.VIEWER,
    "databases.test": Role.OPERATOR,
    "databases.update": Role.ADMIN,
    "first_admin.create": PUBLIC,
    "first_admin.new": PUBLIC,
    "foreign_backups.adopt": Role.ADMIN,
    "foreign_backups.index": Role.ADMIN,
    "foreign_backups.upload": Role.ADMIN,
    "health.show": Role.VIEWER,
    "health.verify": Role.OPERATOR,
    "migrations.create": Role.ADMIN,
    "migrations.index": Role.VIEWER,
    "migrations.new": Role.ADMIN,
    "online.end": Role.ADMIN,
    "online.index": Role.ADMIN,
    "operations.again": Role.OPERATOR,
    "operations.cancel": Role.OPERATOR,
    "operations.confirm_again": Role.OPERATOR,
    "operations.confirm_cancel": Role.OPERATOR,
    "operations.index": Role.VIEWER,
    "operations.lines": Role.VIEWER,
    "operations.panel": Role.VIEWER,
    "operations.running": Role.VIEWER,
    "operations.show": Role.VIEWER,
    "overview.news": Role.VIEWER,
    "overview.show": Role.VIEWER,
    "passwords.edit": PUBLIC,
    "passwords.edit_own": Role.VIEWER,
    "passwords.update": PUBLIC,
    "passwords.update_own": Role.VIEWER,
    "probes.alive": PUBLIC,
    "probes.ready": PUBLIC,
    "proof.create": Role.VIEWER,
    "proof.show": Role.VIEWER,
    "reference.show": Role.VIEWER,
    "replacements.confirm_drop": Role.ADMIN,
    "replacements.confirm_undo": Role.ADMIN,
    "replacements.drop": Role.ADMIN,
    "replacements.undo": Role.ADMIN,
    "restores.create": Role.ADMIN,
    "restores.new": Role.ADMIN,
    "retention.confirm": Role.ADMIN,
    "retention.prune": Role.ADMIN,
    "seeding.confirm_undo": Role.ADMIN,
    "seeding.create": Role.ADMIN,
    "seeding.index": Role.VIEWER,
    "seeding.preview": Role.ADMIN,
    "seeding.resume": Role.ADMIN,
    "seeding.undo": Role.ADMIN,
    "sign_in.create": PUBLIC,
    "sign_in.delete": PUBLIC,
    "sign_in.delete_all": Role.VIEWER,
    "sign_in.show": PUBLIC,
    "static": PUBLIC,
    "styleguide.show": Role.VIEWER,
    "tokens.confirm_revoke": Role.ADMIN,
    "tokens.create": Role.ADMIN,
    "tokens.index": Role.ADMIN,
    "tokens.new": Role.ADMIN,
    "tokens.revoke": Role.ADMIN,
    "users.confirm_reset": Role.ADMIN,
    "users.create": Role.ADMIN,
    "users.edit": Role.ADMIN,
    "users.end_sessions": Role.ADMIN,
    "users.export": Role.ADMIN,
    "users.index": Role.ADMIN,
    "users.new": Role.ADMIN,
    "users.reset": Role.ADMIN,
    "users.show": Role.ADMIN,
    "users.switch": Role.ADMIN,
    "users.update": Role.ADMIN,
}

# What also wants a password given within the last five minutes (TRUST S5).
PROVEN = {
    "backups.download",
    "databases.confirm_remove",
    "databases.edit",
    "databases.remove",
    "databases.update",
    "migrations.create",
    "migrations.new",
    "passwords.edit_own",
    "passwords.update_own",
    "replacements.confirm_drop",
    "replacements.confirm_undo",
    "replacements.drop",
    "replacements.undo",
    "restores.create",
    "restores.new",
    "retention.confirm",
    "retention.prune",
    "seeding.confirm_undo",
    "seeding.undo",
    "tokens.confirm_revoke",
    "tokens.create",
    "tokens.new",
    "tokens.revoke",
    "users.confirm_reset",
    "users.create",
    "users.edit",
    "users.end_sessions",
    "users.new",
    "users.reset",
    "users.switch",
    "users.update",
}


def test_every_endpoint_declares_what_the_matrix_says(console: Flask) -> None:
    declared = {
        rule.endpoint: declared_permission(console, rule.endpoint) for rule in console.url_map.iter_rules()
    }
    assert declared == MATRIX
    assert {endpoint for endpoint in declared if needs_proof(console, endpoint)} == PROVEN


def test_an_endpoint_that_declares_nothing_is_open_to_nobody(console: Flask, admin: Visitor) -> None:
    console._got_first_request = False
    console.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    answer = admin.get("/forgotten")
    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_nobody_sees_a_page_before_signing_in(console: Flask) -> None:
    for rule in console.url_map.iter_rules():
        if declared_permission(console, rule.endpoint) == PUBLIC or "GET" not in (rule.methods or ()):
            continue
        if rule.endpoint.startswith("api_"):
            continue  # tests/web/api walks those
        answer = Visitor(console).get(re.sub("<[^>]*>", "1", rule.rule))
        assert answer.status_code == 303
        assert answer.location.startswith("/sign-in")


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("least", list(Role))
def test_each_role_opens_what_is_its_own(console: Flask, admin: Visitor, role: Role, least: Role) -> None:
    console._got_first_request = False
    console.add_url_rule("/room", "room", allow(least)(lambda: "inside"))
    with console.app_context():
        db.session.execute(update(User).values(role=role))
        db.session.commit()
    assert (admin.get("/room").status_code == 200) == role.includes(least)
