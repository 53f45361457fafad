#!/bin/sh
# Prints the Secrets of Redis with new passwords: sh make-secrets.sh | kubectl apply -f -
set -eu
password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
sentinels=redis-0.redis.inferq.svc:26379,redis-1.redis.inferq.svc:26379,redis-2.redis.inferq.svc:26379
# The rights of each role are those of every other installation too; docker-compose adds its own passwords to them.
rights="$(dirname "$0")/../../../docker/redis-users.acl"
replica=$(password)
sentinel=$(password)
urls=
users=$(grep -E '^user (default|probe) ' "$rights" | sed 's/^/    /')
for role in api worker webhook-worker metrics-adapter; do
  secret=$(password)
  # Both kinds of worker have the same rights.
  own=$(sed -n "s/^user ${role#webhook-} on //p" "$rights")
  test -n "$own"
  urls="$urls
  $role: redis+sentinel://$role:$secret@$sentinels/inferq"
  users="$users
    user $role on >$secret $own"
done
cat <<YAML
apiVersion: v1
kind: Secret
metadata:
  name: redis-urls
  namespace: inferq
stringData:$urls
---
apiVersion: v1
kind: Secret
metadata:
  name: redis-acl
  namespace: inferq
stringData:
  replica-password: $replica
  sentinel-password: $sentinel
  users.acl: |
$users
    user replica on >$replica resetkeys resetchannels -@all +psync +replconf +ping
    user sentinel on >$sentinel resetkeys allchannels -@all +multi +slaveof +ping +exec +subscribe +config|rewrite +role +publish +info +client|setname +client|kill +script|kill
YAML
