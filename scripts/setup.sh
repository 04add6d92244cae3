#!/bin/sh
# Make .venv and install a lock file and the package in it.
#
#   scripts/setup.sh requirements.lock
#
# Needs Python 3.11 or newer: $PYTHON, else python3, else the newest python3.N. Package indexes are those pip is configured with.
set -eu
cd "$(dirname "$0")/.."
lock=$1
venv=.venv

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

fits() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" || fail "PYTHON=$PYTHON is not Python 3.11 or newer."
        echo "$PYTHON"
        return
    fi
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$name" >/dev/null && fits "$name"; then
            echo "$name"
            return
        fi
    done
    fail "PlayProof needs Python 3.11 or newer, and there is none on the PATH ($(python3 --version 2>&1 || echo 'no python3'))." \
        "Install one, or say where it is: make setup PYTHON=/path/to/python3.12"
}

if ! { fits "$venv/bin/python" && "$venv/bin/python" -c 'import pip' 2>/dev/null; }; then
    python=$(find_python)
    echo "Making $venv with $("$python" --version)"
    rm -rf "$venv"
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        "$python" -m venv "$venv"
    elif "$python" -c 'import pip, venv' 2>/dev/null; then
        # Debian splits ensurepip off; the system's pip can fill the environment instead.
        "$python" -m venv --without-pip "$venv"
        "$python" -m pip --python "$venv/bin/python" install --quiet pip
    else
        fail "$("$python" --version) comes without venv and ensurepip." \
            "On Debian and Ubuntu: apt-get install python3-venv. Elsewhere: install a complete Python, or name one with PYTHON=."
    fi
fi

# A user-wide pip setting would put the packages outside of the environment.
export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1
echo "Installing $lock"
"$venv/bin/python" -m pip install --quiet --require-hashes --requirement "$lock"
"$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation --no-index --editable .
echo "Compiling for this computer"
"$venv/bin/python" -c 'import playproof.web.app, playproof.compiled; playproof.compiled.prepare()'
