-- Where a queued job stands among those that BullMQ would start before it.
--
-- KEYS[1] the job's record
-- ARGV 1 key prefix, 2 job id
-- Answers {position (1 is next), starts a second or 0 where nobody knows, ms until it may start}
-- @include clock record start-rate run first-live fair-share bull
local prefix = ARGV[1]
local now = now_ms()
local job = redis.call('HMGET', KEYS[1], 'run', 'due')
local run = job[1] or ARGV[2]
local delay = math.max(0, (tonumber(job[2]) or 0) - now)
local ahead = redis.call('ZRANK', prefix .. 'jobs:prioritized', run)
if not ahead then
  local first = first_live(prefix, run)
  ahead = first and delay > 0 and count_ahead(prefix, priority_of(prefix, first.tag or 0, first.handicap, true)) or 0
end
return { ahead + 1, told_rate(prefix, now), digits(delay) }
