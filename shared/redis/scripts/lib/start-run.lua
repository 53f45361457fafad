-- A worker takes a run, as `start` says it. `is_alone`: it has nothing else in hand.
-- What clocks that are kept in step may differ by.
local TOLERANCE = 250
-- After so many deaths of its workers a run is the only one that the next has in hand; after so many it is given up.
local ALONE_AFTER, MOST_DEATHS = 2, 3

-- Of a start only those are told who read along: who waits for the end would look in vain.
local function tell_start(prefix, run)
  for _, replica in ipairs(redis.call('SMEMBERS', prefix .. 'waiting:' .. run)) do
    redis.call('PUBLISH', 'inferq:wake:' .. replica, run .. ' started')
  end
end

-- Counts the start, takes its first job out of the backlog, and moves the clock of the fair shares to its tag. Whoever's
-- share is used up by then is as good as new: now and then those are forgotten.
local function note_start(prefix, run, first, now)
  local state = redis.call('HMGET', prefix .. 'state', 'clock', 'rate', 'rated', 'since', '*', 't:' .. first.tenant)
  local sum = (tonumber(state[2]) or 0) * math.exp(-(now - (state[3] or now)) / RATE_WINDOW)
  local fields = { 'rate', tostring(sum + 1), 'rated', digits(now) }
  if sum < 0.01 or not state[4] then fields[5], fields[6] = 'since', digits(now) end
  local advances = first.tag and first.tag > (tonumber(state[1]) or 0)
  if advances then fields[#fields + 1], fields[#fields + 2] = 'clock', exact(first.tag) end
  if first.status == 'queued' then
    write_backlog(prefix, first.tenant, (tonumber(state[5]) or 0) - 1, (tonumber(state[6]) or 0) - 1, unpack(fields))
  else
    redis.call('HSET', prefix .. 'state', unpack(fields))
  end
  if not advances then return end
  -- The last characters of an id are random.
  local owner = owner_of(run)
  if string.byte(owner, -1) % 8 == 0 and string.byte(owner, -2) % 8 == 0 then
    -- @include shares
    forget_shares(prefix, first.tag)
  end
end

local function start_run(prefix, run, worker, is_alone)
  local key, now = prefix .. 'run:' .. run, now_ms()
  local live = live_jobs(prefix, run, 'queued', 'due')
  local expired = false
  for _, job in ipairs(live) do
    if is_overdue(job, now) then
      -- @include leave-run
      leave_run(prefix, run, job.id, 'expired', now)
      expired = true
    end
  end
  if expired then live = live_jobs(prefix, run, 'queued', 'due') end
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
  local lost = redis.call('HMGET', key, 'token', 'started', 'worker', 'deaths', 'tokens', 'spent', 'progress')
  local deaths = (tonumber(lost[4]) or 0) + (lost[1] and 1 or 0)
  local given_up = deaths >= MOST_DEATHS
  if deaths >= ALONE_AFTER and not given_up and not is_alone then return { 'alone' } end
  if lost[1] then redis.call('HSET', key, 'deaths', deaths) end
  local attempts_more = given_up and 0 or 1

  local told = {}
  for _, job in ipairs(live) do
    if not job.started and string.find(job.hook, 'started', 1, true) then told[#told + 1] = job.id end
    if job.status == 'queued' and job ~= first then add_to_backlog(prefix, job.tenant, -1) end
    redis.call('HSET', job.key, 'status', 'running', 'attempts', job.attempts + attempts_more, 'rev', job.rev + 1,
      job.started and 'begun' or 'started', digits(now))
    if job.deadline > 0 then redis.call('ZREM', prefix .. 'due', job.id) end
  end

  -- The token fences: whoever comes back with an older one is refused.
  local token = (tonumber(lost[5]) or 0) + 1
  local input = redis.call('HGET', prefix .. 'data:' .. run, 'input')
  redis.call('HSET', key, 'token', token, 'tokens', token, 'started', digits(now), 'worker', worker)
  if input and string.byte(input) == 64 then redis.call('HSET', key, 'blobs', 1) end
  if lost[7] then redis.call('HDEL', key, 'progress') end
  -- Where a look is due before that it is as good: it sees that the run runs.
  if tonumber(redis.call('ZSCORE', prefix .. 'runs', run) or '+inf') > now + 60000 then look_at(prefix, run, now + 60000) end
  note_start(prefix, run, first, now)
  -- The very first start stands in the record: a run that says nothing else needs no stream (see job-events.ts).
  if token > 1 or first.attempts > 0 or string.find(run, '~', 1, true) then
    add_event(prefix, run, 'status', '{"status":"running","attempt":' .. first.attempts + attempts_more .. '}')
  end
  tell_start(prefix, run)
  -- Here too, since a delayed job, one that was retried, or one that was overtaken may not be in flight yet.
  if first.cache_key then redis.call('SETNX', prefix .. 'flight:' .. first.cache_key, run) end
  return { 'run', token, digits(now), first.id, first.spec, input,
    first.tenant, first.attempts + attempts_more - 1, tonumber(lost[6]) or 0,
    digits(now - (queued or first.created)), lost[1] and lost[2] or '', lost[1] and lost[3] or '',
    given_up and 1 or 0, unpack(told) }
end
