#!/bin/sh
# The sentinel writes what it learns into its own file, which outlives the pod.
set -eu
umask 077
if [ ! -f /data/sentinel.conf ]; then
  cat > /data/sentinel.conf.new <<CONF
port 26379
dir /tmp
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel announce-ip $POD_NAME.redis.$POD_NAMESPACE.svc.cluster.local
sentinel monitor inferq $(sh /etc/redis/find-master.sh) 6379 2
sentinel auth-user inferq sentinel
sentinel auth-pass inferq $SENTINEL_PASSWORD
sentinel down-after-milliseconds inferq 2000
sentinel failover-timeout inferq 30000
sentinel parallel-syncs inferq 1
CONF
  mv /data/sentinel.conf.new /data/sentinel.conf
fi
exec redis-sentinel /data/sentinel.conf
