-- A worker takes a run. Jobs whose ttl ran out before they first started end here; nobody left: nothing to do. Nor is
-- there where a delayed job's time has not come: BullMQ goes by the clock of its worker, which may be ahead.
--
-- KEYS[1] the run's hash
-- ARGV 1 key prefix, 2 run, 3 the worker's name, 4 1 where that has nothing else in hand
-- Answers {'ended'}
--      or {'alone'} where it may have killed workers, and nothing was done because the worker has others in hand
--      or {'run', token, now, job id, spec, input, tenant, attempts before,
--          attempts of the run spent, ms since it was queued, and of an attempt that was never settled, because its
--          worker died, when it started and at which worker; or '', ''; then 1 where it is not to be called any more
--          because its workers died too often, which is no attempt; and behind it the jobs that first start now and
--          whose clients are to be told}
-- @include clock record backlog open-run run history usage end-job leave-run fair-share fair-clock
local prefix, run = ARGV[1], ARGV[2]
local now = now_ms()
-- What clocks that are kept in step may differ by.
local TOLERANCE = 250
-- After so many deaths of its workers a run is the only one that the next has in hand; after so many it is given up.
local ALONE_AFTER, MOST_DEATHS = 2, 3

local live = live_jobs(prefix, run)
local expired = false
for _, job in ipairs(live) do
  if is_overdue(job, now) then
    leave_run(prefix, job.id, 'expired', now)
    expired = true
  end
end
if expired then live = live_jobs(prefix, run) end
local first = live[1]
if not first then return { 'ended' } end

local due = not first.started and tonumber(redis.call('HGET', first.key, 'due')) or 0
if due > now + TOLERANCE then
  -- BullMQ forgets the run; the sweeper tells it again in time.
  look_at(prefix, run, due)
  return { 'ended' }
end

-- A token that is still there was never settled: its worker died, or lost its lock.
local lost = redis.call('HMGET', KEYS[1], 'token', 'started', 'worker', 'deaths')
local deaths = (tonumber(lost[4]) or 0) + (lost[1] and 1 or 0)
local given_up = deaths >= MOST_DEATHS
if deaths >= ALONE_AFTER and not given_up and ARGV[4] ~= '1' then return { 'alone' } end
if lost[1] then redis.call('HSET', KEYS[1], 'deaths', deaths) end
local attempts_more = given_up and 0 or 1

local told = {}
for _, job in ipairs(live) do
  if not job.started and string.find(job.hook, 'started', 1, true) then told[#told + 1] = job.id end
  if job.status == 'queued' then add_to_backlog(prefix, job.tenant, -1) end
  redis.call('HSET', job.key, 'status', 'running', 'attempts', job.attempts + attempts_more, 'rev', job.rev + 1,
    job.started and 'begun' or 'started', digits(now))
  if job.deadline > 0 then redis.call('ZREM', prefix .. 'due', job.id) end
end

-- The token fences: whoever comes back with an older one is refused.
local token = redis.call('HINCRBY', KEYS[1], 'tokens', 1)
redis.call('HSET', KEYS[1], 'token', token, 'started', digits(now), 'worker', ARGV[3])
redis.call('HDEL', KEYS[1], 'progress')
look_at(prefix, run, now + 60000)
record_start(prefix, now)
advance_clock(prefix, first.tag)
-- The very first start stands in the record: a run that says nothing else needs no stream (see job-events.ts).
if token > 1 or first.attempts > 0 or string.find(run, '~', 1, true) then
  add_event(prefix, run, 'status', '{"status":"running","attempt":' .. first.attempts + attempts_more .. '}')
end
wake(prefix, run)
local job = redis.call('HMGET', first.key, 'spec', 'queued')
-- A delayed job begins to be in flight here.
if first.cache_key then redis.call('SETNX', prefix .. 'flight:' .. first.cache_key, run) end
return { 'run', token, digits(now), first.id, job[1], redis.call('HGET', prefix .. 'data:' .. run, 'input'),
  first.tenant, first.attempts + attempts_more - 1, tonumber(redis.call('HGET', KEYS[1], 'spent')) or 0,
  digits(now - (job[2] or first.created)), lost[1] and lost[2] or '', lost[1] and lost[3] or '',
  given_up and 1 or 0, unpack(told) }
