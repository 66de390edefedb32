#!/bin/sh
# The secrets of compose.yaml, each in a file that only the user of the containers can read.
# make-secrets.sh [FOLDER]: nothing that is there already is changed.
set -eu
umask 077
folder="${1:-$(dirname "$0")/secrets}"
owner=10001  # the user in the image
mkdir -p "$folder"
cd "$folder"

random() { head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n'; }
once() { [ -e "$1" ] || { cat > "$1.new" && mv "$1.new" "$1"; }; }

random | once postgres_password
printf 'postgresql://tongke:%s@127.0.0.1:5432/tongke\n' "$(cat postgres_password)" | once database_url
printf 'requirepass %s\n' "$(random)" | once redis_password.conf
printf 'redis://:%s@127.0.0.1:6379/0\n' "$(sed 's/^requirepass //' redis_password.conf)" | once redis_url
printf '%s\n' "$(random)" | once inner_secrets
printf 'access_key_id = "tongke"\nsecret_access_key = "%s"\n' "$(random)" | once s3_keys.toml
sed -n 's/^access_key_id = "\(.*\)"/ROOT_ACCESS_KEY=\1/p; s/^secret_access_key = "\(.*\)"/ROOT_SECRET_KEY=\1/p' \
  s3_keys.toml | once s3.env
[ "$(id -u)" -ne 0 ] || chown "$owner:$owner" ./*
echo "secrets in $(pwd)"
