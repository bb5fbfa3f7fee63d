"""How gunicorn serves the console: worker processes with threads, and no log of paths, since the path of a
one-time link is a secret. WORKERS changes the number of processes. What was queued, none of them performs:
that is for a worker of its own (manage_db.py worker), which scripts/run starts."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from web.preflight import checked_settings

wsgi_app = "app:app"
bind = checked_settings().listen_address
worker_class = "web.gunicorn_worker.PatientWorker"
workers = int(os.environ.get("WORKERS") or "2")
threads = 8
timeout = 60
keepalive = 15  # seconds; open pages ask again every 1 to 10 s, and an idle connection takes no thread
accesslog = None
control_socket_disable = True  # nobody uses it, and it would lie in the home folder
forwarded_allow_ips = (
    ""  # by itself it believes what this machine's X-Forwarded-Proto says; web/proxies.py reads it
)
