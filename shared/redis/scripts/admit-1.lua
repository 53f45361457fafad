-- Takes a job in, once: answered from the cache, joined to an identical run, queued, or refused for want of room.
--
-- KEYS[1] the job's record
-- ARGV 1 key prefix, 2 job id, 3 tenant, 4 facts without the time, 5 spec (JSON), 6 input (as text.ts has it),
--      7 cache key or '', 8 cache mode (use, refresh, bypass), 9 ttl in ms or 0, 10 delay in ms, 11 priority band,
--      12 its handicap, 13 the job's share (see fair-share.ts), 14 most queued of the model, 15 most queued of the
--      tenant, 16 retention in ms, 17 1 where somebody is to be told or paid at its end, 18 waiting replica or '',
--      19 price or '', 20 account of the budget that holds it or '', 21 1 where only a cached answer will do,
--      22 1 where BullMQ is to have it at once, 23 the run whose output the caller has, or ''
-- Answers {'exists'}
--      or {'hit', created, run, its output or '' where the caller has it}
--      or {'joined', created, run, status}
--      or {'queued', created, priority, position, starts a second, 1 where BullMQ has it}
--      or {'full', 'model' or 'tenant', depth, starts a second}
--      or {'late', position, starts a second}
--      or {'not cached'}
-- What a way through does not need is included behind the end of that way: each function that a script defines costs,
-- and a submission that is answered from the cache is to pay for little.
-- @include clock record list
local prefix, id, tenant = ARGV[1], ARGV[2], ARGV[3]
local cache_key = ARGV[7]
local ttl, delay = tonumber(ARGV[9]), tonumber(ARGV[10])

if redis.call('EXISTS', KEYS[1]) == 1 then return { 'exists' } end
local now = now_ms()
local created = digits(now)

-- In one step, with what else the record is to have.
local function write_record(status, ...)
  redis.call('HSET', KEYS[1], 'facts', created .. ' ' .. ARGV[4], 'spec', ARGV[5], 'status', status, ...)
  if ttl > 0 then redis.call('HSET', KEYS[1], 'deadline', digits(now + ttl)) end
  if ARGV[19] ~= '' then redis.call('HSET', KEYS[1], 'cost', ARGV[19]) end
  if ARGV[20] ~= '' then redis.call('HSET', KEYS[1], 'account', ARGV[20]) end
  list_job(prefix, id, tenant, created, ARGV[16])
end

-- The cache names the run whose data have the output, and until when they live: it is stored once.
local function hit(known)
  -- @include usage
  local run, till = string.match(known, '^(%S+) (%d+)$')
  local data = prefix .. 'data:' .. run
  local output = ''
  if run ~= ARGV[23] then
    output = redis.call('HGET', data, 'output')
  elseif redis.call('HEXISTS', data, 'output') == 0 then
    output = nil
  end
  if not output then return nil end
  if tonumber(till) < now + ARGV[16] then keep_at_least(data, ARGV[16]) end
  write_record('succeeded', 'hit', run)
  if ARGV[17] == '0' then
    -- Nobody else is to be told or paid: the record is written as it ends.
    redis.call('PEXPIRE', KEYS[1], digits(ARGV[16] + RECORD_LIFE))
    count_end(prefix, tenant, now, 'succeeded', 'hit')
  else
    -- @include backlog end-job
    local _, retention, _, hook = read_facts(created .. ' ' .. ARGV[4])
    -- As `live_job` reads one that ends, with END_FIELDS; this one has just been written.
    local job = {
      id = id, key = KEYS[1], tenant = tenant, status = 'succeeded', rev = 1, deadline = 0, hook = hook,
      created = created, retention = retention,
      more = { false, run, ARGV[19] ~= '' and ARGV[19], ARGV[20] ~= '' and ARGV[20], false, false },
    }
    local _, price = end_job(prefix, job, 'succeeded', now, nil, '')
    charge(prefix, id, tenant, price, false, now)
  end
  return { 'hit', created, run, output }
end

local flying
if cache_key ~= '' and ARGV[8] == 'use' and delay == 0 then
  local known = redis.call('MGET', prefix .. 'cache:' .. cache_key, prefix .. 'flight:' .. cache_key)
  local answered = known[1] and hit(known[1])
  if answered then return answered end
  flying = known[2]
end
if ARGV[21] == '1' then return { 'not cached' } end

-- @include start-rate open-run fair-share bull
local handicap = tonumber(ARGV[12])
local state, own_backlog, own_share = prefix .. 'state', 't:' .. tenant, 's:' .. ARGV[11] .. ':' .. tenant
local seen = redis.call('HMGET', state, '*', own_backlog, 'clock', 'base', own_share, 'rate', 'rated', 'since')
local of_model, of_tenant, is_resting = tonumber(seen[1]) or 0, tonumber(seen[2]) or 0, not seen[3]
local tag = math.max(read_fair(seen[3], seen[4]).clock, tonumber(seen[5]) or 0)
local rate, sure = start_rate(seen[6], seen[7], seen[8], now)
local full = refusal_when_full(of_model, of_tenant, ARGV[14], ARGV[15], rate)

-- Writes the state, with the other fields and values that are given.
local function wait_to_start(...)
  redis.call('HSET', state, '*', of_model + 1, own_backlog, of_tenant + 1, ...)
  if ttl > 0 then redis.call('ZADD', prefix .. 'due', digits(now + ttl), id) end
end

if flying then
  -- @include run first-live bull-place
  -- One model call answers no more jobs than these, so that `settle` stays short.
  local MOST_JOINED = 1000

  -- A job that would start before the run it joins takes the run along.
  local function hasten(run)
    local first = first_live(prefix, run)
    if not first or not first.tag or tag + handicap >= first.tag + first.handicap then return end
    redis.call('HSET', state, own_share, exact(tag + ARGV[13]))
    redis.call('HSET', first.key, 'tag', exact(tag) .. ' ' .. handicap)
    move_forward(prefix, run, tag, handicap)
  end

  local function join(run)
    if not redis.call('ZSCORE', prefix .. 'runs', run) then return nil end
    local joined = redis.call('ZCARD', prefix .. 'joined:' .. run)
    if joined >= MOST_JOINED then return nil end
    -- A token stands in the run's hash only while a worker holds it.
    local running = redis.call('HEXISTS', prefix .. 'run:' .. run, 'token') == 1
    if running then
      write_record('running', 'cache', 'coalesced', 'run', run, 'started', created, 'attempts', '1')
    elseif full then
      return full
    else
      write_record('queued', 'cache', 'coalesced', 'run', run)
      wait_to_start()
      hasten(run)
    end
    if ARGV[18] ~= '' then redis.call('SADD', prefix .. 'waiting:' .. run, ARGV[18]) end
    -- In the order in which they came, within a millisecond too.
    redis.call('ZADD', prefix .. 'joined:' .. run, exact(now + joined / 1024), id)
    redis.call('HSET', prefix .. 'data:' .. run, 'shared', 1)
    return { 'joined', created, run, running and 'running' or 'queued' }
  end

  local joined = join(flying)
  if joined then return joined end
end

if full then return full end
if is_rebasing(prefix) then
  -- @include run fair-clock rebase
  rebase(prefix)
end
local priority = priority_of(prefix, tag, handicap, delay > 0)
local ahead = count_ahead(prefix, priority)
if ttl > 0 and sure and delay == 0 and ahead / rate * 1000 > 2 * ttl then
  return { 'late', ahead + 1, tostring(rate) }
end

local cached = cache_key ~= '' and ARGV[8] ~= 'bypass'
write_record('queued', 'tag', exact(tag), unpack(cached and {} or { 'cache', 'bypass' }))
if delay > 0 then redis.call('HSET', KEYS[1], 'due', digits(now + delay)) end
if ARGV[18] ~= '' then redis.call('SADD', prefix .. 'waiting:' .. id, ARGV[18]) end
redis.call('HSET', prefix .. 'data:' .. id, 'input', ARGV[6])
if string.byte(ARGV[6]) == 64 then
  -- @include blobs
  hold_blobs(prefix, id, '+inf')
end
if is_resting then
  wait_to_start(own_share, exact(tag + ARGV[13]), 'clock', '0')
  redis.call('PERSIST', state)
else
  wait_to_start(own_share, exact(tag + ARGV[13]))
end
if cached and delay == 0 then redis.call('SET', prefix .. 'flight:' .. cache_key, id) end
local handed_over = ARGV[22] == '1' and delay == 0
if handed_over then hand_to_bull(prefix, id, priority, created) end
-- Looked at soon where BullMQ does not have it yet: the API may die before it has told it.
look_at(prefix, id, now + (handed_over and 60000 or 5000))
return { 'queued', created, priority, ahead + 1, sure and tostring(rate) or '0', handed_over and 1 or 0 }
