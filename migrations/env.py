"""Where Alembic begins when `flask --app app db ...` calls it; migrate.py does the same without it."""

from alembic import context

from database.migrator import run_environment

run_environment(context)
