#!/bin/sh
# Read what backup.sh wrote from stdin; it takes the place of what is there.
set -eu
folder=$(mktemp -d -p "$(dirname "$ARTIFACTS")")
trap 'rm -rf "$folder"' EXIT
tar -xf - -C "$folder"
test -s "$folder/database.dump" || { echo "restore: no backup on stdin" >&2; exit 1; }
pg_restore --clean --if-exists --no-owner --single-transaction \
    --dbname="$PGDATABASE" "$folder/database.dump"
rm -rf "$ARTIFACTS"
mv "$folder/$(basename "$ARTIFACTS")" "$ARTIFACTS"
