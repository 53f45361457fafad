#!/bin/sh
# Prints the master: as the sentinels have it, else as this pod's own sentinel last knew it, else the first pod.
domain="redis.$POD_NAMESPACE.svc.cluster.local"
for ordinal in 0 1 2; do
  host=$(timeout 2 redis-cli -h "redis-$ordinal.$domain" -p 26379 sentinel get-master-addr-by-name inferq 2>/dev/null | head -n 1)
  case "$host" in redis-*) echo "$host"; exit 0 ;; esac
done
host=$(sed -n 's/^sentinel monitor inferq \([^ ]*\) .*/\1/p' /data/sentinel.conf 2>/dev/null | head -n 1)
echo "${host:-redis-0.$domain}"
