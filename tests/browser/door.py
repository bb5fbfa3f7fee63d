"""`python app.py` with a worker that also knows the features of the tests."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Serve the console and work for it, until the process is ended."""
    from jobs.catalogue import CATALOGUE
    from jobs.worker import Worker
    from tests.browser.features import take_walk
    from web.preflight import checked_settings
    from web.serving import listen, serve
    from web.starting import start

    settings = checked_settings()
    listener = listen(settings.host, settings.port)
    made = start()
    Worker(settings, {**CATALOGUE, take_walk.declaration.kind: take_walk}).start()
    serve(made, listener)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
