#!/usr/bin/env bash
# Makes everything that is needed to run (tools/setup.sh demo) or to develop and test (tools/setup.sh dev).
# Safe to repeat: each step keeps a stamp with the hash of what it was made from.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-dev}
stamps=.venv/stamps

find_python() {
    for name in python3 python3.13 python3.12 python3.11 python3.14; do
        if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo "Python 3.11 or newer is needed; none was found on the PATH." >&2
    exit 1
}

make_venv() {
    local python
    python=$(find_python)
    "$python" -c 'import ensurepip' 2>/dev/null || tools/system.sh venv
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        echo "$python cannot make an environment: its 'ensurepip' is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    fi
    echo "Making .venv with $("$python" --version)"
    "$python" -m venv .venv
}

# once NAME FILES... -- COMMAND...: runs the command unless it already ran with these very files
once() {
    local name=$1 files=() hash
    shift
    while [ "$1" != -- ]; do files+=("$1"); shift; done
    shift
    hash=$(cat "${files[@]}" | sha256sum)
    if [ "$(cat "$stamps/$name" 2>/dev/null)" != "$hash" ]; then
        "$@"
        mkdir -p "$stamps"
        echo "$hash" >"$stamps/$name"
    fi
}

install() { timeout 1200 .venv/bin/python -m pip install --quiet --disable-pip-version-check --retries 3 --timeout 60 "$@"; }
install_lock() { echo "Installing $1"; install --only-binary :all: --require-hashes -r "$1"; }
# written whatever the environment says of bytecode: without it a start takes three times as long
compile() { .venv/bin/python -m compileall -q "$@" >/dev/null || true; }
compile_packages() { compile .venv/lib; }
install_project() { install --no-deps --no-build-isolation --editable .; }

# an interrupted `python -m venv` leaves a folder without pip
[ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1 || make_venv

case $what in
    demo)
        tools/system.sh demo
        # who has the development packages keeps them: they hold the others
        lock=base
        [ -e $stamps/dev ] && lock=dev
        once $lock requirements/$lock.lock -- install_lock requirements/$lock.lock
        ;;
    dev)
        tools/system.sh test
        once dev requirements/dev.lock -- install_lock requirements/dev.lock
        ;;
    *) echo "usage: tools/setup.sh demo|dev" >&2; exit 2 ;;
esac
once project pyproject.toml -- install_project
once compiled requirements/base.lock requirements/dev.lock -- compile_packages
compile src
.venv/bin/python -m suwen.core.web.compiled
.venv/bin/python tools/assets.py
