#!/bin/sh
# Makes the virtual environment $1 from requirements.lock: exactly the locked packages, checked by hash, then this project.
set -eu

environment=$1
suitable='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'

# A version manager may put a command on the path that does not run, hence each candidate is tried and not only looked up.
find_python() {
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        if "$candidate" -c "$suitable" 2>/dev/null && "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "No suitable Python: tried ${PYTHON:-python3.13, python3.12, python3.11, python3}." >&2
    echo "thetahat needs Python 3.11, 3.12 or 3.13 with the modules venv and ensurepip (on Debian: apt install python3-venv)." >&2
    echo "If yours stands elsewhere, name it: make PYTHON=/path/to/python3" >&2
    return 1
}

if ! "$environment/bin/python" -c "$suitable" 2>/dev/null || ! "$environment/bin/python" -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    echo "Creating $environment with $("$python" --version)"
    "$python" -m venv --clear "$environment"
fi

echo "Installing the locked packages into $environment (once, and again when the lock changes)"
pip() { "$environment/bin/python" -m pip --disable-pip-version-check "$@"; }
pip install -qq --require-hashes --no-deps --only-binary=:all: -r requirements.lock
pip install -qq --no-deps --no-build-isolation --editable .
pip check
