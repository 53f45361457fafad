-- @include note-starts
-- What clocks that are kept in step may differ by.
local TOLERANCE = 250
-- After so many deaths of its workers a run is the only one that the next has in hand; after so many it is given up.
local ALONE_AFTER, MOST_DEATHS = 2, 3

-- Of a start only those are told who read along: who waits for the end would look in vain.
local function tell_start(prefix, run)
  for _, replica in ipairs(redis.call('SMEMBERS', prefix .. 'reading:' .. run)) do
    redis.call('PUBLISH', 'inferq:wake:' .. replica, run .. ' started')
  end
end

-- A worker takes one run among those of which `starting` tells what they have. `is_alone`: it has nothing else in hand.
local function start_run(prefix, run, worker, is_alone, starting)
  local key, now = prefix .. 'run:' .. run, now_ms()
  local live = live_jobs(prefix, run, starting.joined, 'queued', 'due')
  local expired = false
  for _, job in ipairs(live) do
    if is_overdue(job, now) then
      -- @include leave-run
      leave_run(prefix, run, job.id, 'expired', now)
      expired = true
    end
  end
  if expired then live = live_jobs(prefix, run, starting.joined, 'queued', 'due') end
  local first = live[1]
  if not first then return { 'ended' } end

  local queued, later = unpack(first.more)
  local due = not first.started and tonumber(later) or 0
  if due > now + TOLERANCE then
    -- BullMQ forgets the run; the sweeper tells it again in time.
    look_at(prefix, run, due)
    return { 'ended' }
  end

  -- A token that is still there was never settled: its worker died, or lost its lock.
  local lost = starting.known and redis.call('HMGET', key, 'token', 'started', 'worker', 'deaths', 'tokens', 'spent', 'progress')
    or {}
  local deaths = (tonumber(lost[4]) or 0) + (lost[1] and 1 or 0)
  local given_up = deaths >= MOST_DEATHS
  if deaths >= ALONE_AFTER and not given_up and not is_alone then return { 'alone' } end
  if lost[1] then redis.call('HSET', key, 'deaths', deaths) end
  local attempts_more = given_up and 0 or 1

  local told, at = {}, digits(now)
  for _, job in ipairs(live) do
    if not job.started and string.find(job.hook, 'started', 1, true) then told[#told + 1] = job.id end
    if job.status == 'queued' and job ~= first then add_to_backlog(prefix, job.tenant, -1) end
    redis.call('HSET', job.key, 'status', 'running', 'attempts', digits(job.attempts + attempts_more), 'rev', digits(job.rev + 1),
      job.started and 'begun' or 'started', at)
    if job.deadline > 0 then redis.call('ZREM', prefix .. 'due', job.id) end
  end

  -- The token fences: whoever comes back with an older one is refused.
  local token = (tonumber(lost[5]) or 0) + 1
  local input = redis.call('HGET', prefix .. 'data:' .. run, 'input')
  local fence = digits(token)
  redis.call('HSET', key, 'token', fence, 'tokens', fence, 'started', at, 'worker', worker)
  if input and string.byte(input) == 64 then redis.call('HSET', key, 'blobs', 1) end
  if lost[7] then redis.call('HDEL', key, 'progress') end
  starting[#starting + 1] = first
  starting.looks[#starting.looks + 1], starting.looks[#starting.looks + 2] = starting.look, run
  -- The very first start stands in the record: a run that says nothing else needs no stream (see job-events.ts).
  if token > 1 or first.attempts > 0 or string.find(run, '~', 1, true) then
    add_event(prefix, run, 'status', '{"status":"running","attempt":' .. first.attempts + attempts_more .. '}')
  end
  if starting.reading then tell_start(prefix, run) end
  -- Here too, since a delayed job, one that was retried, or one that was overtaken may not be in flight yet.
  local flight = first.cache_key and prefix .. 'flight:' .. first.cache_key
  if flight and starting.flights then
    -- Looked at together (start-many.lua).
    local place = #starting.flights + 1
    starting.flights[place], starting.flying[place] = flight, run
  elseif flight then
    redis.call('SETNX', flight, run)
  end
  return { 'run', token, at, first.id, first.spec, input,
    first.tenant, first.attempts + attempts_more - 1, tonumber(lost[6]) or 0,
    digits(math.max(0, now - (queued or first.created))), lost[1] and lost[2] or '', lost[1] and lost[3] or '',
    given_up and 1 or 0, unpack(told) }
end

-- Starts the runs that are `next` for those who take them, each for itself. Notes at each what `start` answers.
local function start_runs(prefix, takers, worker, is_alone)
  -- With room for one: a table that grows costs more.
  local starting = {
    nil, joined = true, reading = true, known = true, flights = false, looks = { nil, nil },
    look = digits(now_ms() + 60000),
  }
  if #takers == 1 then
    starting.known = redis.call('EXISTS', prefix .. 'run:' .. takers[1].next) == 1
    takers[1].start = start_run(prefix, takers[1].next, worker, is_alone, starting)
  else
    -- @include start-many
    start_many(prefix, takers, worker, starting)
  end
  if #starting == 0 then return end
  -- Where a look is due before that it is as good: it sees that the run runs.
  redis.call('ZADD', prefix .. 'runs', 'LT', unpack(starting.looks))
  note_starts(prefix, starting, now_ms())
end
