-- The secrets that sign a tenant's webhooks, each with the time until which it does. Adds a new one that has no end;
-- those before it sign for the grace period from now on, or until the end that they already have.
--
-- KEYS[1] a sorted set, secrets by that time in ms
-- ARGV 1 the new secret, 2 the grace period in ms, 3 rotate, or keep: nothing is added where there is one without an end
-- Answers the secrets in force, the newest first
-- @include clock
local now = now_ms()
-- So many signatures still fit into a header.
local MOST = 10
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. digits(now))
local current = redis.call('ZRANGEBYSCORE', KEYS[1], '+inf', '+inf')
if ARGV[3] == 'rotate' or #current == 0 then
  for _, secret in ipairs(current) do redis.call('ZADD', KEYS[1], digits(now + ARGV[2]), secret) end
  redis.call('ZADD', KEYS[1], '+inf', ARGV[1])
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -MOST - 1)
end
return redis.call('ZREVRANGE', KEYS[1], 0, -1)
