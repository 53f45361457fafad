#!/bin/sh
# Prints the Secrets of Redis with new passwords: sh make-secrets.sh | kubectl apply -f -
set -eu
password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
sentinels=redis-0.redis.inferq.svc:26379,redis-1.redis.inferq.svc:26379,redis-2.redis.inferq.svc:26379
replica=$(password)
sentinel=$(password)
urls=
users=
for role in api worker webhook-worker metrics-adapter; do
  secret=$(password)
  urls="$urls
  $role: redis+sentinel://$role:$secret@$sentinels/inferq"
  # Its own keys and channels; it cannot configure, empty or inspect Redis.
  users="$users
    user $role on >$secret resetkeys resetchannels ~inferq:* &inferq:* +@all -@admin -@dangerous +info +config|get"
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
    user default on nopass resetkeys resetchannels -@all +ping
    user replica on >$replica resetkeys resetchannels -@all +psync +replconf +ping
    user sentinel on >$sentinel resetkeys allchannels -@all +multi +slaveof +ping +exec +subscribe +config|rewrite +role +publish +info +client|setname +client|kill +script|kill$users
YAML
