#!/usr/bin/env bash
# What has to be clean before a change is offered. All of it runs; the end says what is not.
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHONPATH=src:.
bin=.venv/bin
failed=()

holds() {  # holds NAME COMMAND...: silent when it is clean
    local name=$1 began=$SECONDS log
    shift
    log=$(mktemp)
    if "$@" >"$log" 2>&1; then
        echo "ok      $name ($((SECONDS - began)) s)"
    else
        echo "FAILED  $name"
        cat "$log"
        failed+=("$name")
    fi
    rm -f "$log"
}

holds "lint" $bin/ruff check .
holds "format" $bin/ruff format --check .
holds "types" $bin/mypy --no-incremental  # its cache takes modules that came later for missing
holds "import contracts" $bin/lint-imports
holds "house rules" $bin/python tools/rules.py
holds "generated documents" $bin/python tools/docs.py --check
holds "translations" $bin/python tools/translations.py --check
holds "schema" $bin/python tools/schema.py

if [ ${#failed[@]} -gt 0 ]; then
    echo "Not clean: ${failed[*]}"
    exit 1
fi
