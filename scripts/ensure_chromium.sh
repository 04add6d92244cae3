#!/bin/sh
# Print the path of a Chromium for the browser tests; install Debian's package where there is none and that is possible.
set -eu

find_chromium() {
    for name in "${PLAYPROOF_TEST_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        if [ -n "$name" ] && command -v "$name"; then
            return 0
        fi
    done
    return 1
}

find_chromium && exit 0

if [ -n "${PLAYPROOF_TEST_CHROMIUM:-}" ]; then
    echo "PLAYPROOF_TEST_CHROMIUM=$PLAYPROOF_TEST_CHROMIUM is not a program." >&2
    exit 1
fi

root=
[ "$(id -u)" = 0 ] || root="sudo -n"
if command -v apt-get >/dev/null && { [ -z "$root" ] || $root true 2>/dev/null; }; then
    echo "Installing Chromium with apt-get for the browser tests" >&2
    { $root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $root apt-get install -qq -y --no-install-recommends chromium; } >&2 || true
    find_chromium && exit 0
fi

cat >&2 <<'MESSAGE'
The browser tests need Chromium, and there is none on the PATH and no way to install it from here.
Install it (Debian: apt-get install chromium), or say where it is: PLAYPROOF_TEST_CHROMIUM=/path/to/chromium make test
All other tests run without it: .venv/bin/python -m pytest --ignore tests/browser
MESSAGE
exit 1
