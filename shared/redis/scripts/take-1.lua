-- Takes one from a tenant's token bucket, which holds `limit` and fills up again within `window`.
--
-- KEYS[1] the bucket
-- ARGV 1 limit, 2 window in ms
-- Answers {1 where it was granted, what is left, ms until one more is there (or all, where it was granted)}
-- @include clock
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local now = now_ms()
local bucket = redis.call('HMGET', KEYS[1], 'left', 'at')
local left, at = tonumber(bucket[1]) or limit, tonumber(bucket[2]) or now
-- The clock may have been set back: nothing is taken for that.
left = math.min(limit, left + math.max(0, now - at) * limit / window)

local granted = left >= 1
if granted then left = left - 1 end
redis.call('HSET', KEYS[1], 'left', tostring(left), 'at', digits(now))
redis.call('PEXPIRE', KEYS[1], digits(window))
local missing = granted and limit - left or 1 - left
return { granted and 1 or 0, math.floor(left), math.ceil(missing * window / limit) }
