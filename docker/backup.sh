#!/bin/sh
# Write database and artifacts to stdout as one tar file; the stack may run on.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The database first: what it speaks of is then among the artifacts.
pg_dump --format=custom --file="$folder/database.dump"
mkdir -p "$ARTIFACTS"
tar -cf - -C "$folder" database.dump -C "$(dirname "$ARTIFACTS")" "$(basename "$ARTIFACTS")"
