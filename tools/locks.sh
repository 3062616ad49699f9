#!/bin/sh
# Export uv.lock to the files that pip reads; with --check, only say whether they are what would be written.
set -eu
cd "$(dirname "$0")/.."
uv=.venv/bin/uv

export_to() {
    file=$1
    shift
    {
        echo "# Written by \`make lock\` from uv.lock: do not edit."
        "$uv" export --quiet --frozen --no-header --no-annotate --no-emit-project "$@"
    } >"$file"
}

agrees() { cmp -s "$1" "$2" || { echo "$2 is not what uv.lock says: run make lock" >&2; exit 1; }; }

into=.
if [ "${1:-}" = --check ]; then
    # a lock that agrees is seen to without the network
    "$uv" lock --quiet --check --offline 2>/dev/null || "$uv" lock --quiet --check ||
        { echo "uv.lock is not what pyproject.toml says: run make lock" >&2; exit 1; }
    into=$(mktemp -d)
    trap 'rm -rf "$into"' EXIT
fi
export_to "$into/requirements.lock" --no-default-groups --group build
export_to "$into/requirements-dev.lock" --all-groups --no-group server --all-extras --no-extra spark
# Spark weighs more than all else together: only who tests with it installs it
export_to "$into/requirements-server.lock" --no-default-groups --group build --group server
if [ "$into" != . ]; then
    agrees "$into/requirements.lock" requirements.lock
    agrees "$into/requirements-dev.lock" requirements-dev.lock
    agrees "$into/requirements-server.lock" requirements-server.lock
fi
