#!/usr/bin/env bash
# The whole suite: on SQLite, on a private MariaDB, in a real browser on a loopback-only network, and once in another time zone.
# All of it runs even when a part fails; the end says what failed. WHAT="sqlite mariadb zone calls browser" narrows it.
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHONPATH=src:.
python=.venv/bin/python
what=${WHAT:-sqlite mariadb zone calls browser}
logs=var/test
mkdir -p $logs
: >$logs/summary
failed=()

part() {  # part NAME COMMAND...: run, show, keep the last line
    local name=$1 began=$SECONDS status=0
    shift
    [[ " $what " == *" $name "* ]] || return 0
    echo "== $name"
    "$@" 2>&1 | tee "$logs/$name.log" || status=$?
    echo "$name: $(tail -1 "$logs/$name.log" | tr -d '=') ($((SECONDS - began)) s)" >>$logs/summary
    [ $status = 0 ] || failed+=("$name")
}

alone() {  # on a network that has nothing but loopback, where the system lets us have one
    local up='PATH=$PATH:/sbin:/usr/sbin; ip link set lo up && ip -6 addr del ::1/128 dev lo 2>/dev/null; exec "$@"'
    if unshare -n true 2>/dev/null; then
        unshare -n sh -c "$up" sh "$@"
    elif unshare -rn true 2>/dev/null; then
        unshare -rn sh -c "$up" sh "$@"
    else
        echo "No network namespace can be made here: the browser runs on the machine's own network."
        "$@"
    fi
}

pytest="$python -m pytest -q --color=no"
part sqlite $pytest -n 2 -m "not browser"
if command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ]; then
    part mariadb $python -m tests.support.mariadb --quick -- $pytest -n 2 -m "not browser" --ignore=tests/tools \
        --ignore=tests/prescribing/rules --ignore=tests/prescribing/reference --ignore=tests/payments/gateways  # they ask no database
else
    echo "mariadb: not installed, so nothing was tested on it" | tee -a $logs/summary
fi
rules=$(find tests -name 'test_rules*.py' -o -path '*/rules/test_*.py' | sort)
[ -z "$rules" ] || part zone env TZ=Asia/Shanghai $pytest $rules
if ! command -v chromium >/dev/null; then
    echo "browser: no chromium is installed, so no page was tried" | tee -a $logs/summary
elif [ -n "$(find tests/browser -name 'test_*.py' 2>/dev/null)" ]; then
    part calls alone $pytest -m browser tests/browser/test_call.py  # frames are counted: nothing runs beside them
    part browser alone $pytest -n 2 --dist loadfile -m browser tests/browser --ignore=tests/browser/test_call.py
fi

echo
cat $logs/summary
if [ ${#failed[@]} -gt 0 ]; then
    echo "FAILED: ${failed[*]}"
    exit 1
fi
