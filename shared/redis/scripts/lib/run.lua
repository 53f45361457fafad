-- A run is what BullMQ holds: one call of the model for one job, or for several identical ones.
-- Its id is that of the job it was made for, with '~<n>' after the n-th retry.
local function owner_of(run)
  local retried = string.find(run, '~', 1, true)
  return retried and string.sub(run, 1, retried - 1) or run
end

-- A job where it still waits for the run, else nil; `more` has the fields that are asked for. A tag has a handicap
-- behind it where it is not the job's own.
local function live_job(prefix, run, id, ...)
  local key = prefix .. 'job:' .. id
  local job = redis.call('HMGET', key, 'run', 'status', 'facts', 'attempts', 'deadline', 'tag', 'started', 'rev', ...)
  if (job[1] or id) ~= run or (job[2] ~= 'queued' and job[2] ~= 'running') then return nil end
  local created, retention, own_handicap, hook, tenant, cache_key, spec = read_facts(job[3])
  local tag, handicap = tonumber(job[6]), own_handicap
  if job[6] and not tag then tag, handicap = string.match(job[6], '^(%S+) (%d+)') end
  return {
    id = id, key = key, status = job[2], tenant = tenant, attempts = tonumber(job[4]) or 0,
    deadline = tonumber(job[5]) or 0, tag = tonumber(tag), handicap = tonumber(handicap),
    started = job[7], hook = hook, created = created, retention = retention,
    cache_key = cache_key, spec = spec, rev = tonumber(job[8]) or 1, more = { select(9, unpack(job)) },
  }
end

-- Tells each API replica at which someone waits that something about the run has changed. `tell` answers what is said
-- of it, where anything is (see told-end.ts). Answers whether anyone waits.
local function wake(prefix, run, tell)
  local replicas = redis.call('SMEMBERS', prefix .. 'waiting:' .. run)
  if #replicas == 0 then return false end
  local told = tell and tell()
  local message = told and run .. ' ' .. told or run
  for _, replica in ipairs(replicas) do redis.call('PUBLISH', 'inferq:wake:' .. replica, message) end
  return true
end

-- Adds an event to the run's stream, which SSE readers replay; bounded, the oldest go first.
local function add_event(prefix, run, kind, data)
  redis.call('XADD', prefix .. 'events:' .. run, 'MAXLEN', '~', 10000, '*', 'kind', kind, 'data', data)
end
