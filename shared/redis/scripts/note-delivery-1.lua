-- Notes an attempt to deliver a webhook in the log of its job, and how the delivery stands in the lists of its tenant.
--
-- KEYS[1] the log of the job
-- ARGV 1 key prefix, 2 begin or end, 3 the message's id, 4 the number of the attempt, 5 the record (JSON),
--      6 tenant or '' where it is not listed, 7 status (pending, delivered, failed), 8 ms that it is kept,
--      9 with begin: the delivery's id in BullMQ
-- Answers 1, or 0 where the attempt of this number has begun before
-- @include clock
local prefix, id, field = ARGV[1], ARGV[3], ARGV[3] .. '#' .. ARGV[4]
local begins, status = ARGV[2] == 'begin', ARGV[7]
if begins then
  if redis.call('HSETNX', KEYS[1], field, ARGV[5]) == 0 then return 0 end
  redis.call('HSET', KEYS[1], 'queued:' .. id, ARGV[9])
  redis.call('HDEL', KEYS[1], 'put-off:' .. id)
else
  redis.call('HSET', KEYS[1], field, ARGV[5])
end
redis.call('PEXPIRE', KEYS[1], ARGV[8])
if ARGV[6] == '' then return 1 end

local now = now_ms()
local created = now
for _, name in ipairs({ 'pending', 'delivered', 'failed' }) do
  local list = prefix .. name .. ':' .. ARGV[6]
  local since = redis.call('ZSCORE', list, id)
  -- What one worker has delivered, another that was taken for dead cannot have failed to.
  if since and name == 'delivered' and not begins then status = name end
  if since then
    created = since
    redis.call('ZREM', list, id)
  end
end
local list = prefix .. status .. ':' .. ARGV[6]
redis.call('ZADD', list, created, id)
redis.call('ZREMRANGEBYSCORE', list, '-inf', digits(now - ARGV[8]))
redis.call('PEXPIRE', list, ARGV[8])
return 1
