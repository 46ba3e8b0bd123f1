#!/bin/sh
# Write database, artifacts and studies to stdout as one tar file; the stack may run on.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
# The database first: what it speaks of is then among the artifacts. The journals last:
# they know of all that the server was told, and `tunefold resume` tells it the rest.
pg_dump --format=custom --file="$folder/database.dump"
mkdir -p "$ARTIFACTS"
changed=0
tar -cf - --exclude=.restore -C "$folder" database.dump \
    -C "$(dirname "$ARTIFACTS")" "$(basename "$ARTIFACTS")" \
    -C "$(dirname "$STUDIES")" "$(basename "$STUDIES")" || changed=$?
case $changed in
    0) ;;
    1) echo "backup: files changed while they were read; the backup is good" >&2 ;;
    *) echo "backup: failed; what was written is no backup" >&2; exit "$changed" ;;
esac
# Whatever was interrupted lacks this; restore.sh refuses it then.
touch "$folder/complete"
tar -cf - -C "$folder" complete
