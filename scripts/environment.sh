# Sourced by the other scripts: `prepare FILE` makes .venv when there is none and installs FILE into it
# when it changed since the last time.

prepare() {
    local requirements=$1 installed=.venv/installed-$1
    if [ ! -x .venv/bin/python ]; then
        echo "Making .venv"
        "${PYTHON:-python3}" -m venv .venv
    fi
    if ! cat requirements*.txt | cmp -s - "$installed"; then
        echo "Installing $requirements"
        .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements"
        cat requirements*.txt > "$installed"
    fi
}
