"""The door for migrations: `python migrate.py --help`."""

from cli.migrate import migrate
from cli.runtime import run_door

if __name__ == "__main__":
    run_door(migrate, "migrate.py")
