#!/bin/sh
# Write the lock files from pyproject.toml: every version with its hashes, for all supported Pythons and platforms.
# Arguments are handed to the resolver, such as --upgrade or --upgrade-package NAME.
set -eu
cd "$(dirname "$0")/.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3}" -m venv "$tools"
"$tools/bin/pip" install --quiet uv

resolve() {
    "$tools/bin/uv" --quiet pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest \
        --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@" >/dev/null
}

resolve --extra train --group build --output-file requirements.lock "$@"
# The development lock holds the other, so that tests run on the versions that are shipped.
resolve --extra train --group dev --constraint requirements.lock --output-file requirements-dev.lock "$@"
