#!/bin/sh
# Fill the database with rows that look real: scripts/db_seed.sh [TYPE] [COUNT] [OPTIONS]
# TYPE is all, users, ssh, commands, sessions or sync. The options are those of `manage_db.py seed`, which
# --help lists: --clean --clean-force --reset --reset-force --upsert --stats --stats-only --force --env-file F
cd "$(dirname "$0")/.." || exit 1
python=.venv/bin/python
[ -x "$python" ] || python=python3
exec "$python" manage_db.py seed "$@"
