"""The door for migrations: `python migrate.py --help`."""

from cli.door import needs_packages

if __name__ == "__main__":
    with needs_packages():
        from cli.migrate import migrate
        from cli.runtime import run_door

        run_door(migrate, "migrate.py")
