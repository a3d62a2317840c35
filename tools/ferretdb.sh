#!/usr/bin/env bash
# Builds the MongoDB-protocol server of the tests into the cache, where it is not there yet. Takes minutes, and needs Go.
set -euo pipefail
cd "$(dirname "$0")/ferretdb"
target="${XDG_CACHE_HOME:-$HOME/.cache}/suwen/ferretdb-1.24.0"
[ -x "$target" ] && exit 0
if ! command -v go >/dev/null; then
    echo "FerretDB is not built: Go is not installed. The tests that need it are skipped." >&2
    exit 1
fi
mkdir -p "$(dirname "$target")"
fresh="$target.$$"
GOFLAGS=-mod=readonly nice -n 15 go build -trimpath -o "$fresh" .
mv "$fresh" "$target"
echo "FerretDB is at hand: $target"
