#!/bin/sh
# The tracking server with logins. Who has none of an experiment does not see it.
set -eu
umask 077
cat >"$MLFLOW_AUTH_CONFIG_PATH" <<EOF
[mlflow]
default_permission = NO_PERMISSIONS
database_uri = $MLFLOW_BACKEND_STORE_URI
admin_username = admin
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
EOF
exec mlflow server --app-name=basic-auth --serve-artifacts "$@"
