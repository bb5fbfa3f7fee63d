"""`manage_db.py worker`: works off what was queued, as a process of its own."""

from __future__ import annotations

from contextlib import suppress

import click

from cli.options import Whole, common_options, examples
from cli.runtime import Invocation, pass_invocation
from jobs import THREADS


@click.command(
    epilog=examples(
        "python manage_db.py worker",
        "REDIS_URL=redis://cache.example.net python manage_db.py worker --threads 4",
    )
)
@click.option(
    "--threads",
    type=Whole(1, 64),
    default=THREADS,
    show_default=True,
    metavar="N",
    help="How many operations it performs at once.",
)
@common_options
@pass_invocation
def worker(invocation: Invocation, threads: int) -> None:
    """Perform what the console has queued, until stopped.

    Long work waits in the database until a worker performs it. `scripts/run` starts one with the console;
    start more on other machines where REDIS_URL is set. What a worker leaves when it dies, another begins
    again or records as interrupted.

    Ctrl-C or SIGTERM: it takes no more work, waits 5 seconds for what runs, and ends with exit code 0. Says
    what it does on standard error, or in LOG_FILE.
    """
    with suppress(KeyboardInterrupt):  # told to end before it could begin
        _work(invocation, threads)


def _work(invocation: Invocation, threads: int) -> None:
    import logging

    from core.log import configure_logging
    from core.text import plural
    from jobs.worker import Worker

    settings = invocation.settings
    configure_logging(settings, verbose=invocation.verbose, service=True)
    log = logging.getLogger("basekeeper.worker")
    work = Worker(settings, threads=threads)
    log.info("Works for %s, %s, rings by %s", settings.database.name, plural(threads, "thread"), work.place)
    work.run_forever()
    log.info("Ended")


commands = (worker,)
