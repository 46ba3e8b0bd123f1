#!/bin/sh
# The tracking server with logins. Who has none of an experiment does not see it.
#   mlflow.sh OPTION ...    run it
#   mlflow.sh upgrade       bring an older database up to date
set -eu
umask 077
if [ "$1" = upgrade ]; then
    exec mlflow db upgrade "$MLFLOW_BACKEND_STORE_URI"
fi
python "$(dirname "$0")/schemas.py"
cat >"$MLFLOW_AUTH_CONFIG_PATH" <<EOF
[mlflow]
default_permission = NO_PERMISSIONS
database_uri = $MLFLOW_BACKEND_STORE_URI
admin_username = admin
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
# Each request carries the password, and looking one up costs the server longer than
# what is asked. A user who was removed may go on for so many seconds.
auth_cache_ttl_seconds = 60
EOF
exec mlflow server --app-name=basic-auth --serve-artifacts "$@"
