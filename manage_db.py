"""The door for the schema, its data and the console's accounts: `python manage_db.py --help`."""

from cli.manage import manage
from cli.runtime import run_door

if __name__ == "__main__":
    run_door(manage, "manage_db.py")
