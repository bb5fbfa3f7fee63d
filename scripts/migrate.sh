#!/bin/sh
# Migrate the database of one environment: scripts/migrate.sh ENVIRONMENT [OPTIONS] [TARGET]
# ENVIRONMENT picks .env.ENVIRONMENT. The options are those of `migrate.py migrate`.
case "${1:-}" in
    -h | --help) sed -n '2,3s/^# //p' "$0"; exit 0 ;;
    "" | *[!A-Za-z0-9_-]*) echo "Error: Name one environment. Try: scripts/migrate.sh production" >&2; exit 2 ;;
esac
env_file=.env.$1
shift
cd "$(dirname "$0")/.." || exit 1
python=.venv/bin/python
[ -x "$python" ] || python=python3
exec "$python" migrate.py migrate --env-file "$env_file" "$@"
