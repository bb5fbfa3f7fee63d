#!/bin/sh
# Bring the schema to a revision: scripts/db_migrate.sh [OPTIONS] [TARGET]
# TARGET is head (when left out), +N, -N or a revision. --dry-run --force --skip-backup --strict --env-file F
# are those of `migrate.py migrate`; --generate MSG, --history and --check-only do that alone.
command=migrate
chosen=
left=$#
choose() {
    if [ -n "$chosen" ]; then
        echo "Error: $1 and $chosen do not go together. Try: scripts/db_migrate.sh --help" >&2
        exit 2
    fi
    chosen=$1 command=$2
}
while [ "$left" -gt 0 ]; do
    argument=$1
    shift
    left=$((left - 1))
    case $argument in
        -h | --help) sed -n '2,4s/^# //p' "$0"; exit 0 ;;
        --generate | --generate=*) choose --generate generate
            [ "$argument" = --generate ] || set -- "$@" "${argument#--generate=}" ;;
        --history) choose --history history ;;
        --check-only) choose --check-only check ;;
        *) set -- "$@" "$argument" ;;
    esac
done
cd "$(dirname "$0")/.." || exit 1
python=.venv/bin/python
[ -x "$python" ] || python=python3
exec "$python" migrate.py "$command" "$@"
