#!/bin/sh
# Check the database of one environment: scripts/health-check.sh ENVIRONMENT [--json] [-v]
# ENVIRONMENT picks .env.ENVIRONMENT. The exit codes are those of db_health_check.py.
case "${1:-}" in
    -h | --help) sed -n '2,3s/^# //p' "$0"; exit 0 ;;
    "" | *[!A-Za-z0-9_-]*) echo "Error: Name one environment. Try: scripts/health-check.sh production" >&2; exit 3 ;;
esac
env_file=.env.$1
shift
cd "$(dirname "$0")/.." || exit 3
python=.venv/bin/python
[ -x "$python" ] || python=python3
exec "$python" db_health_check.py --env-file "$env_file" "$@"
