-- Takes one of a model's slots for calls, over all workers, or holds it longer. A slot whose worker has died is free again when its time is up.
--
-- KEYS[1] the slots that are taken, by the time until which they are
-- ARGV 1 slot, 2 how many there are, 3 ms that it is taken for at most
-- Answers 1, or 0 where all are taken
-- @include clock
local now = now_ms()
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', digits(now))
local held = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not held and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], digits(now + ARGV[3]), ARGV[1])
keep_at_least(KEYS[1], tonumber(ARGV[3]))
return 1
