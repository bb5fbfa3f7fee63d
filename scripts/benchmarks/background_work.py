"""The operation that the benchmark of background work watches, and the worker that knows it."""

from __future__ import annotations

from core.actor import Role
from core.progress import Operation, operation
from core.settings import load_settings
from database.transactions import transaction
from models import UserLog

BATCH = 20


@operation("bench.write", title="Write rows to {name}", target="{name}", role=Role.OPERATOR)
def write_rows(op: Operation, name: str, batches: int) -> None:
    """Write `batches` of 20 rows, each batch in a transaction of its own."""
    op.phase("Write", total=batches * BATCH, unit="row")
    for _ in range(batches):
        with transaction() as session:
            session.add_all(UserLog(username=name, action="login", ip_address="") for _ in range(BATCH))
        op.advance(BATCH)


def main() -> None:
    """Work until the process is told to end."""
    from jobs.catalogue import CATALOGUE
    from jobs.worker import Worker

    Worker(load_settings(), {**CATALOGUE, write_rows.declaration.kind: write_rows}).run_forever()


if __name__ == "__main__":
    main()
