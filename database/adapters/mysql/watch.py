"""What only MySQL and MariaDB are asked by the health check: long transactions, the state of a cluster."""

from __future__ import annotations

from core.text import duration, plural
from database.adapters.base import Adapter, Connection, Probe
from database.adapters.network import LONG_TRANSACTION

_LONG = """
    SELECT trx_mysql_thread_id, timestampdiff(SECOND, trx_started, now())
    FROM information_schema.innodb_trx
    WHERE trx_started < now() - INTERVAL %s SECOND AND trx_mysql_thread_id <> 0 ORDER BY trx_started
"""
_CLUSTER = """
    SHOW GLOBAL STATUS WHERE variable_name IN
    ('wsrep_cluster_status', 'wsrep_local_state_comment', 'wsrep_ready', 'wsrep_cluster_size')
"""
_WELL = {"wsrep_cluster_status": "Primary", "wsrep_ready": "ON", "wsrep_local_state_comment": "Synced"}


def long_transactions(adapter: Adapter, connection: Connection) -> Probe:
    """Transactions open for more than five minutes; needs the PROCESS privilege."""
    rows = adapter.rows(connection, _LONG, (LONG_TRANSACTION,))
    if not rows:
        return Probe("long_transactions", "healthy", f"none open for {LONG_TRANSACTION // 60} min")
    session, seconds = rows[0]
    value = f"{plural(len(rows), 'transaction')}, the oldest {duration(float(seconds))} in session {session}"
    return Probe("long_transactions", "degraded", value, "It keeps old rows and locks: end that session.")


def cluster(adapter: Adapter, connection: Connection) -> Probe:
    """Whether this Galera node is Primary, ready and Synced."""
    state = dict(adapter.rows(connection, _CLUSTER))
    value = f"{state.get('wsrep_cluster_status')}, {state.get('wsrep_local_state_comment')}"
    wrong = [name for name, wanted in _WELL.items() if state.get(name) != wanted]
    if not wrong:
        return Probe("galera", "healthy", f"{value}, {plural(int(state['wsrep_cluster_size']), 'node')}")
    if wrong == ["wsrep_local_state_comment"]:
        return Probe("galera", "degraded", value, "Wait until the node is Synced, or use another node.")
    return Probe("galera", "unhealthy", value, "Wait until the cluster is Primary, or use another node.")
