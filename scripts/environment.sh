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

# `run_together A... -- B...` runs two programs until one ends or we are told to end: then both end. The exit
# code is that of the one that ended by itself. They are sent SIGTERM: a shell's children in the background
# ignore Ctrl-C.
run_together() {
  local first=() pids=() code=0
  while [ "$1" != -- ]; do first+=("$1"); shift; done
  shift
  trap 'end_all "${pids[@]}"' INT TERM HUP
  "${first[@]}" & pids+=($!)
  "$@" & pids+=($!)
  while kill -0 "${pids[0]}" 2>/dev/null && kill -0 "${pids[1]}" 2>/dev/null; do sleep 0.5 || true; done
  if kill -0 "${pids[0]}" 2>/dev/null; then pids=("${pids[1]}" "${pids[0]}"); fi
  end_all "${pids[@]}"
  wait_out "${pids[0]}" || code=$?
  wait_out "${pids[1]}" || true
  exit "$code"
}

end_all() {
  kill -TERM "$@" 2>/dev/null || true
}

# A signal to us ends a `wait`, but not what is waited for.
wait_out() {
  local code
  while true; do
    code=0
    wait "$1" || code=$?
    kill -0 "$1" 2>/dev/null || return "$code"
  done
}
