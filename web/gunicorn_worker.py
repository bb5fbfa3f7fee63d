"""gunicorn's worker with threads, which by itself waits without end for a request that comes slowly."""

from __future__ import annotations

from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from web.deadlines import deadlines


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """Gives every request its time, and no more (TRUST W10)."""

    def handle(self, conn: Any) -> Any:
        """Read a request and answer it."""
        with deadlines().kept_by(conn.sock):
            return super().handle(conn)
