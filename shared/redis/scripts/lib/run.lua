-- A run is what BullMQ holds: one call of the model for one job, or for several identical ones.
-- Its id is that of the job it was made for, with '~<n>' after the n-th retry.
local function owner_of(run)
  return string.match(run, '^[^~]+')
end

-- The jobs that still wait for the run: its owner and those who joined, less those who ended or left.
local function live_jobs(prefix, run)
  local ids = redis.call('SMEMBERS', prefix .. 'joined:' .. run)
  table.insert(ids, 1, owner_of(run))
  local live = {}
  for _, id in ipairs(ids) do
    local job = redis.call('HMGET', prefix .. 'job:' .. id, 'run', 'status', 'tenant', 'attempts', 'deadline', 'tag', 'started')
    if job[1] == run and (job[2] == 'queued' or job[2] == 'running') then
      live[#live + 1] = {
        id = id, key = prefix .. 'job:' .. id, status = job[2], tenant = job[3],
        attempts = tonumber(job[4]) or 0, deadline = tonumber(job[5]) or 0, tag = tonumber(job[6]), started = job[7] ~= false,
      }
    end
  end
  return live
end

-- Tells each API replica at which someone waits that something about the run has changed.
local function wake(prefix, run)
  for _, replica in ipairs(redis.call('SMEMBERS', prefix .. 'waiting:' .. run)) do
    redis.call('PUBLISH', 'inferq:wake:' .. replica, run)
  end
end

-- Adds an event to the run's stream, which SSE readers replay; bounded, the oldest go first.
local function add_event(prefix, run, now, kind, data)
  redis.call('XADD', prefix .. 'events:' .. run, 'MAXLEN', '~', 10000, '*', 'kind', kind, 'data', data)
end

-- Forgets a run that nobody waits for any more; its data and events stay as long as results are kept.
local function close_run(prefix, run, cache_key, retention)
  redis.call('DEL', prefix .. 'run:' .. run, prefix .. 'joined:' .. run)
  if cache_key and redis.call('GET', prefix .. 'flight:' .. cache_key) == run then
    redis.call('DEL', prefix .. 'flight:' .. cache_key)
  end
  redis.call('PEXPIRE', prefix .. 'data:' .. run, retention)
  redis.call('PEXPIRE', prefix .. 'events:' .. run, retention)
  redis.call('PEXPIRE', prefix .. 'waiting:' .. run, 60000)
end
