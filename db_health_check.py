#!/usr/bin/env python3
"""The door for monitors: `python db_health_check.py --help`."""

from cli.health import run_door

if __name__ == "__main__":
    run_door()
