#!/usr/bin/env bash
# Writes the lock files. No host may appear in them: whoever installs chooses the registry.
set -euo pipefail
cd "$(dirname "$0")/.."

lock() {
    local to=$1
    shift
    .venv/bin/uv pip compile "$@" --quiet --upgrade --universal --python-version 3.11 \
        --generate-hashes --no-header --no-emit-index-url --no-annotate --output-file "$to"
    if grep -nE '://|--(extra-)?index-url|--find-links' "$to"; then
        echo "An address got into $to" >&2
        exit 1
    fi
}

.venv/bin/python -c "import uv" 2>/dev/null || .venv/bin/pip install --quiet uv
lock requirements/base.lock pyproject.toml requirements/build.in
lock requirements/dev.lock pyproject.toml requirements/build.in --extra dev --constraint requirements/base.lock
lock requirements/node.lock requirements/node.in
npm install --package-lock-only --silent
if grep -n '"resolved"' package-lock.json; then
    echo "An address got into package-lock.json" >&2
    exit 1
fi
