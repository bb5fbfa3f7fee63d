"""The door for the schema, its data and the console's accounts: `python manage_db.py --help`."""

from cli.door import needs_packages

if __name__ == "__main__":
    with needs_packages():
        from cli.manage import manage
        from cli.runtime import run_door

        run_door(manage, "manage_db.py")
