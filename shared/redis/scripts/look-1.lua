-- Looks at the open runs of a model whose time for it has come: what BullMQ does not know must be added, and what it was
-- told while the priorities were rebased must be put right. A run that BullMQ has is looked at again while it runs only.
--
-- KEYS[1] the index of open runs
-- ARGV 1 key prefix, 2 how many at most
-- Answers three values for each run that BullMQ does not know: the run, its priority, its delay in ms; and before them
--         how many runs were looked at
-- @include clock record open-run run first-live fair-share bull bull-place
local prefix = ARGV[1]
local now = now_ms()

-- The first time at once; a run that is lost again and again should not keep everybody busy.
local function pause_before(run, job)
  local times = redis.call('HINCRBY', prefix .. 'run:' .. run, 'lost', 1)
  local pause = times == 1 and 0 or math.min(1000 * 2 ^ times, 60000)
  local due = not job.started and tonumber(redis.call('HGET', job.key, 'due')) or 0
  return math.max(pause, due - now)
end

local function look(run)
  local job = first_live(prefix, run)
  if not job then return redis.call('ZREM', KEYS[1], run) end
  local tag = job.tag or 0
  if redis.call('EXISTS', prefix .. 'jobs:' .. run) == 1 then
    move_forward(prefix, run, tag, job.handicap)
    redis.call('ZADD', KEYS[1], job.status == 'running' and digits(now + 60000) or '+inf', run)
    return
  end
  local delay = pause_before(run, job)
  look_at(prefix, run, now + 5000)
  return { run, priority_of(prefix, tag, job.handicap, delay > 0), digits(delay) }
end

local runs = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', digits(now), 'LIMIT', 0, ARGV[2])
local answer = { #runs }
for _, run in ipairs(runs) do
  local lost = look(run)
  if type(lost) == 'table' then
    for _, value in ipairs(lost) do answer[#answer + 1] = value end
  end
end
return answer
