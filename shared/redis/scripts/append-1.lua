-- Tells of a run while it runs: progress, a chunk of output, a log line. A stale token changes nothing.
--
-- KEYS[1] the run's hash
-- ARGV 1 key prefix, 2 run, 3 token, then pairs of kind (progress, output, log) and data (JSON)
-- Answers 1, or 0 where the token is stale
-- @include run
local prefix, run = ARGV[1], ARGV[2]
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[3] then return 0 end
for index = 4, #ARGV, 2 do
  if ARGV[index] == 'progress' then redis.call('HSET', KEYS[1], 'progress', ARGV[index + 1]) end
  add_event(prefix, run, ARGV[index], ARGV[index + 1])
end
wake(prefix, run)
return 1
