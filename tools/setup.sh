#!/bin/sh
# Make .venv hold exactly what a lock names: `tools/setup.sh run` (the pipeline alone) or `tools/setup.sh dev`;
# `tools/setup.sh server` makes .venv-server, with a tracking server's packages and Spark.
# Does nothing where .venv is stamped with the digest of that lock. A dev set-up serves for run as well.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-dev}
if [ "$kind" = server ]; then venv=.venv-server; else venv=.venv; fi
here=$venv/bin/python

say() { echo "$*" >&2; }
give_up() { say "set-up: $*"; exit 69; }
right() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }
lock_of() { if [ "$1" = run ]; then echo requirements.lock; else echo "requirements-$1.lock"; fi; }

# The digest of a lock and of what the editable install reads; the stamp of a set-up is this text.
digest() {
    "$here" -c 'import hashlib, pathlib, sys
print(hashlib.sha256(b"".join(pathlib.Path(name).read_bytes() for name in sys.argv[1:])).hexdigest())' \
        "$(lock_of "$1")" pyproject.toml
}
stamped() { [ -f "$venv/set-up-$1" ] && [ "$(cat "$venv/set-up-$1")" = "$(digest "$1")" ]; }

# A name on PATH may be a shim that leads nowhere, so each is tried by running it.
find_python() {
    for name in python3.13 python3.12 python3.11 python3 python; do
        if right "$name"; then echo "$name"; return; fi
    done
}

if right "$here"; then
    # a developer's .venv stays one
    if [ -f "$venv/set-up-dev" ]; then kind=dev; fi
    if stamped "$kind"; then exit 0; fi
    rm -f "$venv"/set-up-*
fi

lock=$(lock_of "$kind")
python=$(find_python)
if command -v uv >/dev/null 2>&1; then
    export UV_COMPILE_BYTECODE=1
    say "set-up: installing $lock into $venv with uv"
    right "$here" || uv venv --quiet --clear --python "${python:->=3.11,<3.14}" "$venv"
    uv pip sync --quiet --python "$here" --require-hashes "$lock"
    uv pip install --quiet --python "$here" --no-deps --no-build-isolation --editable .
else
    if [ -z "$python" ] && ! right "$here"; then
        give_up "no Python 3.11 to 3.13 here: apt-get install python3 python3-venv, or brew install python@3.13, or install uv"
    fi
    if ! right "$here" || ! "$here" -m pip --version >/dev/null 2>&1; then
        "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
            give_up "$python cannot make virtual environments: apt-get install python3-venv, or install uv"
        "$python" -m venv --clear "$venv"
    fi
    say "set-up: installing $lock into $venv with pip and $("$here" --version); this takes a few minutes"
    "$here" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$lock"
    "$here" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
fi
digest "$kind" >"$venv/set-up-$kind"
