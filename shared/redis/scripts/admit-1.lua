-- Takes a job in, once: answered from the cache, joined to an identical run, queued, or refused for want of room.
--
-- KEYS[1] the job's record
-- ARGV 1 key prefix, 2 job id, 3 tenant, 4 model, 5 version, 6 spec (JSON), 7 input (JSON),
--      8 cache key or '', 9 cache mode (use, refresh, bypass), 10 ttl in ms or 0, 11 delay in ms,
--      12 priority band, 13 its handicap, 14 the job's share (cost / weight), 15 most queued of the model,
--      16 most queued of the tenant, 17 retention in ms, 18 webhook events or '', 19 waiting replica or ''
-- Answers {'exists'}
--      or {'hit', created, output}
--      or {'joined', created, run, status}
--      or {'queued', created, priority, position, starts a second}
--      or {'full', 'model' or 'tenant', depth, starts a second}
--      or {'late', position, starts a second}
-- @include clock backlog run end-job fair-share
local prefix, id, tenant = ARGV[1], ARGV[2], ARGV[3]
local cache_key, mode = ARGV[8], ARGV[9]
local ttl, delay = tonumber(ARGV[10]), tonumber(ARGV[11])
local now = now_ms()

local function write_record(status, run, cache)
  redis.call('HSET', KEYS[1], 'tenant', tenant, 'model', ARGV[4], 'version', ARGV[5], 'spec', ARGV[6],
    'status', status, 'created', digits(now), 'run', run, 'cache', cache, 'retention', ARGV[17], 'rev', 1)
  if ARGV[18] ~= '' then redis.call('HSET', KEYS[1], 'hook', ARGV[18]) end
  if ttl > 0 then redis.call('HSET', KEYS[1], 'deadline', digits(now + ttl)) end
  if ARGV[19] ~= '' and status ~= 'succeeded' then
    redis.call('SADD', prefix .. 'waiting:' .. run, ARGV[19])
  end
  -- The list of the tenant's jobs sheds what has been forgotten, two for each that comes.
  local list = prefix .. 'list:' .. tenant
  for _, old in ipairs(redis.call('ZRANGE', list, 0, 1)) do
    if redis.call('EXISTS', prefix .. 'job:' .. old) == 0 then redis.call('ZREM', list, old) end
  end
  redis.call('ZADD', list, digits(now), id)
end

local function hit()
  local output = redis.call('GET', prefix .. 'cache:' .. cache_key)
  if not output then return nil end
  write_record('succeeded', id, 'hit')
  redis.call('HSET', prefix .. 'data:' .. id, 'input', ARGV[7], 'output', output)
  redis.call('PEXPIRE', prefix .. 'data:' .. id, ARGV[17])
  end_job(prefix, id, 'succeeded', now)
  return { 'hit', digits(now), output }
end

local function join()
  local run = redis.call('GET', prefix .. 'flight:' .. cache_key)
  if not run then return nil end
  -- A token stands in the run's hash only while a worker holds it.
  local running = redis.call('HEXISTS', prefix .. 'run:' .. run, 'token') == 1
  write_record(running and 'running' or 'queued', run, 'coalesced')
  redis.call('HSET', KEYS[1], 'ckey', cache_key)
  if running then
    redis.call('HSET', KEYS[1], 'started', digits(now), 'attempts', 1)
  else
    add_to_backlog(prefix, tenant, 1)
    if ttl > 0 then redis.call('ZADD', prefix .. 'due', digits(now + ttl), id) end
  end
  redis.call('SADD', prefix .. 'joined:' .. run, id)
  return { 'joined', digits(now), run, running and 'running' or 'queued' }
end

local function refuse_when_full()
  local depth = redis.call('HMGET', prefix .. 'depth', '*', 't:' .. tenant)
  local of_model, of_tenant = tonumber(depth[1]) or 0, tonumber(depth[2]) or 0
  if of_tenant >= tonumber(ARGV[16]) then return { 'full', 'tenant', of_tenant, tostring(start_rate(prefix, now)) } end
  if of_model >= tonumber(ARGV[15]) then return { 'full', 'model', of_model, tostring(start_rate(prefix, now)) } end
end

local function queue()
  local tag = next_tag(prefix, ARGV[12], tenant, tonumber(ARGV[14]))
  local priority = priority_of(prefix, tag, tonumber(ARGV[13]))
  local ahead = redis.call('ZCOUNT', prefix .. 'jobs:prioritized', '-inf', '(' .. digits((priority + 1) * 4294967296))
  local rate, sure = start_rate(prefix, now)
  if ttl > 0 and sure and delay == 0 and ahead / rate * 1000 > 2 * ttl then
    redis.call('HINCRBYFLOAT', prefix .. 'fair', 't:' .. ARGV[12] .. ':' .. tenant, -tonumber(ARGV[14]))
    return { 'late', ahead + 1, tostring(rate) }
  end
  local cached = cache_key ~= '' and mode ~= 'bypass'
  write_record('queued', id, cached and 'miss' or 'bypass')
  redis.call('HSET', KEYS[1], 'tag', tostring(tag), 'priority', priority)
  if delay > 0 then redis.call('HSET', KEYS[1], 'due', digits(now + delay)) end
  redis.call('HSET', prefix .. 'data:' .. id, 'input', ARGV[7])
  add_to_backlog(prefix, tenant, 1)
  -- Looked at soon: the API may die before it has told BullMQ.
  redis.call('ZADD', prefix .. 'due', digits(ttl > 0 and math.min(now + ttl, now + 5000) or now + 5000), id)
  if cached then
    redis.call('HSET', KEYS[1], 'ckey', cache_key)
    if delay == 0 then redis.call('SET', prefix .. 'flight:' .. cache_key, id) end
  end
  return { 'queued', digits(now), priority, ahead + 1, sure and tostring(rate) or '0' }
end

if redis.call('EXISTS', KEYS[1]) == 1 then return { 'exists' } end
if cache_key ~= '' and mode == 'use' and delay == 0 then
  local answered = hit() or join()
  if answered then return answered end
end
return refuse_when_full() or queue()
