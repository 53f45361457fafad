#!/bin/sh
set -eu
me="$POD_NAME.redis.$POD_NAMESPACE.svc.cluster.local"
master=$(sh /etc/redis/find-master.sh)
umask 077
{
  cat /etc/redis/redis.conf
  echo "replica-announce-ip $me"
  echo "masteruser replica"
  echo "masterauth $REPLICA_PASSWORD"
  [ "$master" = "$me" ] || echo "replicaof $master 6379"
} > /run/redis/redis.conf
exec redis-server /run/redis/redis.conf
