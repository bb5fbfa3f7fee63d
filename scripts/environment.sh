# Sourced by the other scripts: `prepare FILE` makes .venv when there is none and installs the requirements
# of FILE into it, unless nothing changed since the last time.

find_python() {
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  echo "Error: Python 3.11 or later is needed." >&2
  return 1
}

prepare() {
  local wanted python stamp=.venv/installed-$1
  wanted=$(cat requirements.txt "$1" | cksum)
  if ! .venv/bin/python -c '' 2>/dev/null; then
    python=$(find_python)
    echo "Making .venv"
    "$python" -m venv --clear .venv
  fi
  if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    echo "Installing $1"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$1"
    echo "$wanted" >"$stamp"
  fi
}
