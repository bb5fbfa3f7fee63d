"""Flask-Admin on the same tables, in a virtual environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.cache import build_once

_HERE = Path(__file__).parent
_APP = """
import os
from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config.update(SQLALCHEMY_DATABASE_URI=os.environ["DATABASE_URL"], SECRET_KEY="bench")
db = SQLAlchemy(app)
with app.app_context():
    db.reflect()

class User(db.Model):
    __table__ = db.metadata.tables["user"]

class UserLog(db.Model):
    __table__ = db.metadata.tables["user_log"]

class UserView(ModelView):
    page_size = 25
    column_list = ("username", "email", "name", "role", "subscription_tier", "is_active", "created_at")
    column_searchable_list = ("username", "email", "name")
    column_filters = ("role",)
    named_filter_urls = True

class LogView(ModelView):
    page_size = 25
    column_list = ("username", "action", "ip_address", "user_agent", "timestamp")
    column_filters = ("action",)
    named_filter_urls = True

admin = Admin(app)
admin.add_view(UserView(User, db.session, endpoint="people"))
admin.add_view(LogView(UserLog, db.session, endpoint="log"))
"""


@contextmanager
def rival(url: str, port: int) -> Iterator[str]:
    """Its address while it serves those tables."""
    folder = build_once("flask-admin-2.2.0", _install)
    command = [str(folder / "bin/python"), "-m", "gunicorn", "rival:app", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "--threads", "8"]
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url, "PYTHONPATH": str(folder)}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=quiet, stderr=quiet)
    try:
        yield f"http://127.0.0.1:{port}/admin"
    finally:
        process.terminate()
        process.wait(30)


def _install(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "-q", "-r", str(_HERE / "flask_admin.txt")]
    subprocess.run(pip, check=True)
    (folder / "rival.py").write_text(_APP)
