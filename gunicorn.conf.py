"""How gunicorn serves the console: worker processes with threads, and no log of paths, since the path of a
one-time link is a secret. HOST, PORT and WORKERS change the address and the number of processes."""

import os
import sys
from typing import Any

wsgi_app = "app:app"
bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '5000')}"
worker_class = "gthread"
workers = int(os.environ.get("WORKERS", "2"))
threads = 8
timeout = 60
accesslog = None


def on_starting(_server: Any) -> None:
    """Read the settings once before the workers do, so that a fault is one line and not one of each."""
    from web.preflight import check_settings

    if code := check_settings():
        sys.exit(code)
