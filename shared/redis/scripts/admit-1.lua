-- Takes a job in, once: answered from the cache, joined to an identical run, queued, or refused for want of room.
--
-- KEYS[1] the job's record
-- ARGV 1 key prefix, 2 job id, 3 tenant, 4 model, 5 version, 6 spec (JSON), 7 input (as text.ts has it),
--      8 cache key or '', 9 cache mode (use, refresh, bypass), 10 ttl in ms or 0, 11 delay in ms,
--      12 priority band, 13 its handicap, 14 the job's share (see fair-share.ts), 15 most queued of the model,
--      16 most queued of the tenant, 17 retention in ms, 18 webhook events or '', 19 waiting replica or '',
--      20 price or '', 21 account of the budget that holds it or '', 22 1 where only a cached answer will do,
--      23 1 where BullMQ is to have it at once
-- Answers {'exists'}
--      or {'hit', created, output}
--      or {'joined', created, run, status}
--      or {'queued', created, priority, position, starts a second, 1 where BullMQ has it}
--      or {'full', 'model' or 'tenant', depth, starts a second}
--      or {'late', position, starts a second}
--      or {'not cached'}
-- @include clock backlog run usage end-job fair-share bull rebase
local prefix, id, tenant = ARGV[1], ARGV[2], ARGV[3]
local cache_key, mode = ARGV[8], ARGV[9]
local ttl, delay = tonumber(ARGV[10]), tonumber(ARGV[11])
local band, handicap = ARGV[12], tonumber(ARGV[13])
local now = now_ms()

-- One model call answers no more jobs than these, so that `settle` stays short.
local MOST_JOINED = 1000
-- Expiries that are moved at every job are moved by so much more, and so but now and then.
local SLACK = 3600000
-- The longest that a job may be delayed and then wait: its list must outlive it.
local LONGEST_WAIT = 60 * 86400 * 1000

-- Of the tenant's list two at random are looked at for each that comes: no more than about half of it is forgotten.
local function list_job()
  local list = prefix .. 'list:' .. tenant
  local others = redis.call('ZRANDMEMBER', list, -2)
  if others[1] and redis.call('EXISTS', prefix .. 'job:' .. others[1], prefix .. 'job:' .. others[2]) < 2 then
    for _, other in ipairs(others) do
      if redis.call('EXISTS', prefix .. 'job:' .. other) == 0 then redis.call('ZREM', list, other) end
    end
  end
  redis.call('ZADD', list, digits(now), id)
  keep_at_least(list, ARGV[17] + RECORD_LIFE + LONGEST_WAIT, SLACK)
end

-- In one step, with what else the record is to have.
local function write_record(status, run, cache, more)
  local fields = { 'tenant', tenant, 'model', ARGV[4], 'version', ARGV[5], 'spec', ARGV[6], 'status', status,
    'created', digits(now), 'run', run, 'cache', cache, 'retention', ARGV[17], 'handicap', handicap, 'rev', more and more.rev or 1,
    unpack(more or {}) }
  local function add(name, value)
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
  if ARGV[18] ~= '' then add('hook', ARGV[18]) end
  if ttl > 0 then add('deadline', digits(now + ttl)) end
  if ARGV[20] ~= '' then add('cost', ARGV[20]) end
  if ARGV[21] ~= '' then add('account', ARGV[21]) end
  redis.call('HSET', KEYS[1], unpack(fields))
  if ARGV[19] ~= '' and status ~= 'succeeded' then
    redis.call('SADD', prefix .. 'waiting:' .. run, ARGV[19])
  end
  list_job()
end

local function wait_to_start()
  add_to_backlog(prefix, tenant, 1)
  if ttl > 0 then redis.call('ZADD', prefix .. 'due', digits(now + ttl), id) end
end

-- The cache names the run whose data have the output: it is stored once, and lives as long as the last job that has it.
local function hit(run)
  local output = run and redis.call('HGET', prefix .. 'data:' .. run, 'output')
  if not output then return nil end
  keep_at_least(prefix .. 'data:' .. run, tonumber(ARGV[17]))
  if ARGV[18] == '' and ARGV[21] == '' then
    -- Nobody else is to be told or paid: the record is written as it ends.
    write_record('succeeded', id, 'hit', { 'data', run, 'ended', digits(now), rev = 2 })
    redis.call('PEXPIRE', KEYS[1], digits(ARGV[17] + RECORD_LIFE))
    add_usage(prefix, tenant, now, 'succeeded', 1)
    add_usage(prefix, tenant, now, 'hit', 1)
    return { 'hit', digits(now), output }
  end
  write_record('succeeded', id, 'hit', { 'data', run })
  end_job(prefix, id, 'succeeded', now)
  charge(prefix, id, false, now)
  return { 'hit', digits(now), output }
end

-- A job that would start before the run it joins takes the run along.
local function hasten(run)
  local first = first_live(prefix, run)
  local tag = tag_of_next(prefix, band, tenant)
  if not first or not first.tag or tag + handicap >= first.tag + first.handicap then return end
  take_share(prefix, band, tenant, tag, ARGV[14])
  redis.call('HSET', first.key, 'tag', exact(tag), 'handicap', handicap)
  move_forward(prefix, run, tag, handicap)
end

local function join(run)
  if not run or not redis.call('ZSCORE', prefix .. 'runs', run) then return nil end
  if redis.call('ZCARD', prefix .. 'joined:' .. run) >= MOST_JOINED then return nil end
  -- A token stands in the run's hash only while a worker holds it.
  local running = redis.call('HEXISTS', prefix .. 'run:' .. run, 'token') == 1
  local full = not running and refusal_when_full(prefix, tenant, ARGV[15], ARGV[16], now)
  if full then return full end
  write_record(running and 'running' or 'queued', run, 'coalesced')
  redis.call('HSET', KEYS[1], 'ckey', cache_key)
  if running then
    redis.call('HSET', KEYS[1], 'started', digits(now), 'begun', digits(now), 'attempts', 1)
  else
    wait_to_start()
    hasten(run)
  end
  redis.call('ZADD', prefix .. 'joined:' .. run, digits(now), id)
  redis.call('HSET', prefix .. 'data:' .. run, 'shared', 1)
  return { 'joined', digits(now), run, running and 'running' or 'queued' }
end

local function queue()
  rebase(prefix)
  local tag = tag_of_next(prefix, band, tenant)
  local priority = priority_of(prefix, tag, handicap, delay > 0)
  local ahead = count_ahead(prefix, priority)
  local rate, sure = start_rate(prefix, now)
  if ttl > 0 and sure and delay == 0 and ahead / rate * 1000 > 2 * ttl then
    return { 'late', ahead + 1, tostring(rate) }
  end
  local cached = cache_key ~= '' and mode ~= 'bypass'
  local more = { 'tag', exact(tag) }
  if delay > 0 then more[3], more[4] = 'due', digits(now + delay) end
  if cached then more[#more + 1], more[#more + 2] = 'ckey', cache_key end
  write_record('queued', id, cached and 'miss' or 'bypass', more)
  take_share(prefix, band, tenant, tag, ARGV[14])
  redis.call('HSET', prefix .. 'data:' .. id, 'input', ARGV[7])
  if string.sub(ARGV[7], 1, 1) == '@' then hold_blobs(prefix, id, '+inf') end
  wait_to_start()
  if cached and delay == 0 then redis.call('SET', prefix .. 'flight:' .. cache_key, id) end
  local handed_over = ARGV[23] == '1' and delay == 0
  if handed_over then hand_to_bull(prefix, id, priority, now) end
  -- Looked at soon where BullMQ does not have it yet: the API may die before it has told it.
  look_at(prefix, id, now + (handed_over and 60000 or 5000))
  return { 'queued', digits(now), priority, ahead + 1, sure and tostring(rate) or '0', handed_over and 1 or 0 }
end

if redis.call('EXISTS', KEYS[1]) == 1 then return { 'exists' } end
if cache_key ~= '' and mode == 'use' and delay == 0 then
  local known = redis.call('MGET', prefix .. 'cache:' .. cache_key, prefix .. 'flight:' .. cache_key)
  local answered = hit(known[1]) or ARGV[22] == '0' and join(known[2])
  if answered then return answered end
end
if ARGV[22] == '1' then return { 'not cached' } end
return refusal_when_full(prefix, tenant, ARGV[15], ARGV[16], now) or queue()
