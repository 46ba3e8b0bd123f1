#!/bin/sh
# Refuse to start with a password that nobody chose, or that an address cannot hold.
set -eu
for name in POSTGRES_PASSWORD MLFLOW_ADMIN_PASSWORD MLFLOW_SECRET_KEY; do
    eval "value=\${$name:-}"
    case "$value" in
        "") fault="is empty" ;;
        *change-me*) fault="is the example" ;;
        *[!A-Za-z0-9]*) fault="has characters other than letters and digits" ;;
        ????????????????*) continue ;;
        *) fault="is shorter than 16 characters" ;;
    esac
    echo "$name: $fault; put letters and digits into .env, for example: openssl rand -hex 24" >&2
    exit 1
done
