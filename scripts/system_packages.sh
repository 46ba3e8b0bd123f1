#!/usr/bin/env bash
# Programs of Debian's that some slow tests start: a browser, PostgreSQL, docker-compose.
# Without them those tests are skipped.
set -euo pipefail

missing=()
command -v chromedriver >/dev/null || missing+=(chromium chromium-driver)
command -v docker-compose >/dev/null || missing+=(docker-compose)
compgen -G "/usr/lib/postgresql/*/bin" >/dev/null || missing+=(postgresql)
if [ "${#missing[@]}" -eq 0 ]; then
    exit 0
fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "not installed, so that some slow tests are skipped: ${missing[*]}" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
{ apt-get install -y --no-install-recommends "${missing[@]}" ||
    { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; }; } \
    >/dev/null || echo "could not be installed: ${missing[*]}" >&2
