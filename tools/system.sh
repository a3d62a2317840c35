#!/usr/bin/env bash
# Installs what the system's package manager has to give: tools/system.sh demo|test|bench
# Does nothing when everything is there; without root or passwordless sudo it says what is missing and goes on.
set -euo pipefail

case "${1:-demo}" in
    demo) wanted="libpango-1.0-0 libpangoft2-1.0-0 fonts-lxgw-wenkai fonts-wqy-microhei" ;;
    test) wanted="libpango-1.0-0 libpangoft2-1.0-0 fonts-lxgw-wenkai fonts-wqy-microhei mariadb-server-core mariadb-client-core chromium coturn redis-server iproute2" ;;
    bench) wanted="mariadb-server-core mariadb-client-core wrk" ;;
    venv) wanted="python3-venv" ;;
    *) echo "usage: tools/system.sh demo|test|bench|venv" >&2; exit 2 ;;
esac

means() {
    case $1 in
        libpango*) echo "prescriptions cannot be made into PDF" ;;
        fonts-*) echo "Chinese text in PDF may miss characters" ;;
        mariadb-*) echo "tests and bench run on SQLite only" ;;
        chromium) echo "browser tests are skipped" ;;
        coturn) echo "the test of relayed calls is skipped" ;;
        redis-server) echo "tests of several processes are skipped" ;;
        iproute2) echo "browser tests run without their own network" ;;
        wrk) echo "no load can be made for the bench" ;;
        python3-venv) echo "no environment can be made for Python" ;;
    esac
}

there() {
    case $1 in  # by what it gives, for machines that have it from elsewhere
        chromium) command -v chromium >/dev/null ;;
        coturn) command -v turnserver >/dev/null ;;
        redis-server) command -v redis-server >/dev/null ;;
        wrk) command -v wrk >/dev/null ;;
        iproute2) command -v ip >/dev/null || [ -x /usr/sbin/ip ] ;;
        mariadb-client-core) command -v my_print_defaults >/dev/null ;;
        mariadb-server-core) command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ] ;;
        *) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
    esac
}

missing=()
for name in $wanted; do there "$name" || missing+=("$name"); done
[ ${#missing[@]} -gt 0 ] || exit 0

say_missing() {
    echo "Not installed, since $1:" >&2
    for name in "${missing[@]}"; do echo "  $name: $(means "$name")" >&2; done
    echo "Install by hand: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 0
}

command -v apt-get >/dev/null || say_missing "this system has no apt-get"
root=()
if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || say_missing "neither root nor sudo without a password is at hand"
    root=(sudo -n)
fi

# coturn and redis-server bring services: they are wanted as programs only, so nothing may start, now or at the next boot.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee $policy >/dev/null
    "${root[@]}" chmod 755 $policy
    trap '"${root[@]}" rm -f $policy' EXIT
fi
echo "Installing from the system's packages: ${missing[*]}"
apt() { "${root[@]}" env DEBIAN_FRONTEND=noninteractive timeout 900 apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 "$@"; }
log=$(mktemp)
if ! { apt update && apt install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -5 "$log" >&2
    # one unknown package must not keep back the others
    for name in "${missing[@]}"; do apt install -y --no-install-recommends "$name" >>"$log" 2>&1 || true; done
fi
rm -f "$log"
if [ -d /run/systemd/system ]; then
    for name in "${missing[@]}"; do
        case $name in coturn | redis-server) "${root[@]}" systemctl disable --quiet --now "$name" || true ;; esac
    done
fi
still=()
for name in "${missing[@]}"; do there "$name" || still+=("$name"); done
missing=("${still[@]}")
[ ${#missing[@]} -eq 0 ] || say_missing "the package manager could not"
