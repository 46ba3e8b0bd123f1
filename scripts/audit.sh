#!/usr/bin/env bash
# Known weaknesses of the pinned dependencies, as the package index tells them.
# Fails where there is one. An index that tells nothing (many mirrors) is said, no more.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet "pip-audit>=2.9,<3" 2>/dev/null || {
    echo "audit: pip-audit could not be installed; nothing was audited"
    exit 0
}
status=0
# constraints.txt names every package with its version: nothing is to be resolved
timeout 180 "$folder/venv/bin/pip-audit" --requirement constraints.txt --no-deps \
    --disable-pip --progress-spinner off >"$folder/found.txt" 2>"$folder/said.txt" ||
    status=$?
pinned=$(grep -c == constraints.txt)
unknown=$(grep -c "could not be audited" "$folder/found.txt" || true)
# what is found is listed on stdout; without a list it did not get that far
if [ "$status" -ne 0 ] && [ ! -s "$folder/found.txt" ]; then
    echo "audit: the index did not answer as it should; nothing was audited"
    tail -n 1 "$folder/said.txt"
    exit 0
fi
grep -v "could not be audited" "$folder/found.txt" || true
tail -n 1 "$folder/said.txt"
echo "audit: the index could tell of $((pinned - unknown)) of $pinned pinned packages"
exit "$status"
