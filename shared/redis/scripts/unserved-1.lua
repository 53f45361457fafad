-- Finds open runs of a model that no worker serves: those that have been due for so long. One that a worker has in hand,
-- though it does not know the model any more, goes on.
--
-- KEYS[1] the index of open runs
-- ARGV 1 key prefix, 2 where in the index to begin, 3 how many at most, 4 ms
-- Answers how many were looked at, and behind it the runs that were found
-- @include clock record run first-live
local prefix, from, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local latest = now_ms() - ARGV[4]

-- What was put back waits in BullMQ alone for its time.
local function due_at(run, job)
  local queued, due = unpack(redis.call('HMGET', job.key, 'queued', 'due'))
  local delayed = redis.call('ZSCORE', prefix .. 'jobs:delayed', run)
  return math.max(queued or job.created, not job.started and due or 0, delayed and math.floor(delayed / 4096) or 0)
end

local runs = redis.call('ZRANGE', KEYS[1], digits(from), digits(from + count - 1))
local answer = { #runs }
for _, run in ipairs(runs) do
  local job = redis.call('EXISTS', prefix .. 'jobs:' .. run .. ':lock') == 0 and first_live(prefix, run)
  if job and due_at(run, job) <= latest then answer[#answer + 1] = run end
end
return answer
