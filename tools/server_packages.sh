#!/bin/sh
# See that PostgreSQL and Java are here, for `make test-server`; as root on Debian they are installed.
set -eu
missing=
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing=postgresql
command -v java >/dev/null || missing="$missing default-jre-headless"
if [ -z "$missing" ]; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "make test-server: not here: $missing. Install them, as with: apt-get install $missing" >&2
    exit 69
fi
echo "make test-server: installing $missing" >&2
apt-get update >/dev/null
# at run level 1 the package starts no server of its own
# shellcheck disable=SC2086 # the names are words
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $missing >/dev/null
