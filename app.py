"""The door to the web: `create_app`, `app` for gunicorn, and `python app.py`, which serves it here with its
worker. Nothing happens on import: `app` is made when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    from web import create_app

    app: Flask

__all__ = ["app", "create_app"]


def __getattr__(name: str) -> Any:
    if name == "create_app":
        from web import create_app

        return create_app
    if name == "app":
        from web.starting import start

        globals()["app"] = made = start()
        return made
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if __name__ == "__main__":
    from jobs.embedded import embedded_worker
    from web.starting import main

    main(embedded_worker)
