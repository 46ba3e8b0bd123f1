#!/bin/sh
# Read what backup.sh wrote from stdin; it takes the place of what is there.
# Nothing is touched before all of it is unpacked and read. What is there is kept until
# the new is in its place; whatever fails, or was interrupted before, is put back.
set -eu

refuse() {
    echo "restore: $1; nothing was changed" >&2
    exit 1
}

each() { # FOLDER, and what find does with all that lies in it, but for `.restore`
    within=$1
    shift
    find "$within" -mindepth 1 -maxdepth 1 ! -name .restore "$@"
}

put_back() { # `leaving` has some of what was there, `old` all of it
    for place in "$ARTIFACTS" "$STUDIES"; do
        if [ -d "$place/.restore/old" ]; then
            each "$place" -exec rm -rf {} +
            mv "$place/.restore/old" "$place/.restore/leaving"
        fi
        if [ -d "$place/.restore/leaving" ]; then
            each "$place/.restore/leaving" -exec mv -t "$place" {} +
        fi
        rm -rf "$place/.restore"
    done
}

mkdir -p "$ARTIFACTS"
exec 9<"$STUDIES"
flock --nonblock 9 || refuse "another one is at work"
folder=$(mktemp -d)
trap 'put_back; rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
put_back

# Unpack on the volumes where it belongs
for place in "$ARTIFACTS" "$STUDIES"; do
    mkdir -p "$place/.restore/new"
    ln -s "$place/.restore/new" "$folder/$(basename "$place")"
done
tar -xf - --ignore-zeros --keep-directory-symlink -C "$folder" ||
    refuse "stdin is no backup, or a damaged one"
[ -e "$folder/complete" ] || refuse "stdin is no backup, or ends before its end"
pg_restore --no-owner --file="$folder/database.sql" "$folder/database.dump" ||
    refuse "the backup's database is damaged"

# The tracking server wrote down which tables it knows, its own ones first
advice=
found=$(sed -n '/^COPY public.alembic_version /{n;p}' "$folder/database.sql")
if [ -n "$found" ] && [ -s "$SCHEMAS" ]; then
    if ! grep -qx "$found" "$SCHEMAS"; then
        refuse "the backup is of a newer MLflow than the one here: build that one's image"
    elif [ "$found" != "$(head -n 1 "$SCHEMAS")" ]; then
        advice="the backup is of an older MLflow: bring its tables up to date as \
docs/service.md says under Updates"
    fi
fi

for place in "$ARTIFACTS" "$STUDIES"; do
    mkdir "$place/.restore/leaving"
    each "$place" -exec mv -t "$place/.restore/leaving" {} +
    mv "$place/.restore/leaving" "$place/.restore/old"
    each "$place/.restore/new" -exec mv -t "$place" {} +
done
# Also tables that the backup does not know must go, or an upgrade meets them
psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --single-transaction --output=/dev/null \
    --command="SET lock_timeout = '60s'" \
    --command="SET client_min_messages = warning" \
    --command="DROP SCHEMA public CASCADE" \
    --command="CREATE SCHEMA public AUTHORIZATION pg_database_owner" \
    --command="GRANT USAGE ON SCHEMA public TO PUBLIC" \
    --file="$folder/database.sql" || refuse "the database refused the backup's tables"
for place in "$ARTIFACTS" "$STUDIES"; do
    mv "$place/.restore/old" "$place/.restore/gone"
done
[ -z "$advice" ] || echo "restore: done; $advice" >&2
