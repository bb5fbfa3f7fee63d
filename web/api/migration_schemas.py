"""What the API says of migrations."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Length

_LONGEST_NAME = 255


class DatabaseQuerySchema(Schema):
    """Which database; the console's own where left out."""

    database = fields.String(load_default="", validate=Length(max=_LONGEST_NAME))


class RevisionSchema(Schema):
    """One migration."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class MigrationStatusSchema(Schema):
    """Where a database is: its revisions, the newest one, what is pending, and how its schema differs."""

    database = fields.String(required=True)
    current = fields.List(fields.String(), required=True, attribute="state.current")
    head = fields.String(required=True, attribute="state.head")
    pending = fields.List(fields.Nested(RevisionSchema), required=True, attribute="state.pending")
    drift = fields.List(fields.String(), required=True)


class MigrateSchema(DatabaseQuerySchema):
    """`target` is head, base, +N, -N or a revision. `force` confirms what may lose data; with `plan_hash` of
    a dry run only what it showed is applied."""

    target = fields.String(load_default="head", validate=Length(min=1, max=_LONGEST_NAME))
    dry_run = fields.Boolean(load_default=False)
    skip_backup = fields.Boolean(load_default=False)
    force = fields.Boolean(load_default=False)
    plan_hash = fields.String(load_default="", validate=Length(max=64))


class PlannedStatementSchema(Schema):
    """One statement; `rows` and `size` are those of the table it works on, null where there is none."""

    sql = fields.String(required=True)
    kind = fields.String(required=True)
    object = fields.String(required=True)
    rows = fields.Integer(required=True, allow_none=True)
    is_exact = fields.Boolean(required=True)
    size = fields.Integer(required=True, allow_none=True)
    can_be_undone = fields.Boolean(required=True)
    is_done = fields.Boolean(required=True)


class FindingSchema(Schema):
    """What is to be known of a statement: safe, caution or dangerous."""

    severity = fields.String(required=True)
    title = fields.String(required=True)
    why = fields.String(required=True)
    safe_way = fields.String(required=True)
    safe_sql = fields.String(required=True)


class PlannedRevisionSchema(RevisionSchema):
    """One migration of the plan. Not `is_known`: it decides as it runs what it says."""

    title = fields.String(required=True)
    direction = fields.String(required=True)
    reversal = fields.String(required=True)
    is_known = fields.Boolean(required=True)
    statements = fields.List(fields.Nested(PlannedStatementSchema), required=True)
    findings = fields.List(fields.Nested(FindingSchema), required=True)


class GateCheckSchema(Schema):
    """One thing that has to be right before."""

    title = fields.String(required=True)
    is_open = fields.Boolean(required=True)
    details = fields.String(required=True)


class MigrationPlanSchema(Schema):
    """What a migration would do. Nothing has happened yet."""

    database = fields.String(required=True)
    current = fields.String(required=True, attribute="plan.current")
    target = fields.String(required=True, attribute="plan.target")
    direction = fields.String(required=True, attribute="plan.direction")
    plan_hash = fields.String(required=True, attribute="plan.hash")
    planned_at = fields.DateTime(required=True, attribute="plan.planned_at")
    is_destructive = fields.Boolean(required=True, attribute="plan.is_destructive")
    rows = fields.Integer(required=True, attribute="plan.rows")
    revisions = fields.List(fields.Nested(PlannedRevisionSchema), required=True, attribute="plan.revisions")
    takes_backup = fields.Boolean(required=True, attribute="gate.takes_backup")
    gate = fields.List(fields.Nested(GateCheckSchema), required=True, attribute="gate.checks")
