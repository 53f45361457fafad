-- Ends a reservation, once: what the job cost is spent, the rest is free again.
--
-- KEYS[1] the account, as `reserve` has it
-- ARGV 1 reservation, 2 what is spent
-- Answers 1, or 0 where there is no such reservation (any more)
local field = 'r:' .. ARGV[1]
local price = redis.call('HGET', KEYS[1], field)
if not price then return 0 end
redis.call('HDEL', KEYS[1], field)
redis.call('ZREM', KEYS[1] .. ':open', ARGV[1])
redis.call('HINCRBYFLOAT', KEYS[1], 'spent', ARGV[2])
redis.call('HINCRBYFLOAT', KEYS[1], 'reserved', '-' .. price)
-- Sums of decimals drift.
if redis.call('EXISTS', KEYS[1] .. ':open') == 0 then redis.call('HSET', KEYS[1], 'reserved', 0) end
return 1
