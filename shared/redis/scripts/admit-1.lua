-- Takes jobs in, each once: answered from the cache, joined to an identical run, queued, or refused for want of room.
-- They are of one tenant and model and have the same terms, so that what is known of these is read and written once.
--
-- KEYS[1] the first job's record
-- ARGV 1 key prefix, 2 tenant, 3 cache mode (use, refresh, bypass) or '' where there is no cache, 4 ttl in ms or 0,
--      5 delay in ms, 6 priority band, 7 its handicap, 8 a job's share (see fair-share.ts), 9 most queued of the model,
--      10 most queued of the tenant, 11 retention in ms, 12 1 where somebody is to be told or paid at the end,
--      13 waiting replica or '', 14 price or '', 15 account of the budget that holds it or '',
--      16 1 where only a cached answer will do, 17 1 where BullMQ is to have them at once;
--      and for each job: its id, facts without the time, input (as text.ts has it; '' with 16), cache key or '', and the
--      run whose output the caller has, or ''
-- Answers for each job
--         {'exists'}
--      or {'hit', created, run, its output or '' where the caller has it}
--      or {'joined', created, run, status}
--      or {'queued', created, priority, position, starts a second, 1 where BullMQ has it}
--      or {'full', 'model' or 'tenant', depth, starts a second}
--      or {'late', position, starts a second}
--      or {'not cached'}
--      or {'again'} where the cache has the answer, and those before it were so large that this one is to be asked again
--      or the error that this one met
-- What a way through does not need is included behind the end of that way: each function that a script defines costs,
-- and submissions that are answered from the cache are to pay for little.
-- @include clock record list
local FIRST, EACH = 18, 5
local prefix, tenant, mode = ARGV[1], ARGV[2], ARGV[3]
local ttl, delay, retention = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[11]
local now = now_ms()
local created = digits(now)
local jobs, records = {}, {}
for at = FIRST, #ARGV, EACH do
  local key = prefix .. 'job:' .. ARGV[at]
  records[#records + 1] = key
  jobs[#jobs + 1] = {
    id = ARGV[at], key = key, facts = created .. ' ' .. ARGV[at + 1], input = ARGV[at + 2], cache_key = ARGV[at + 3],
    near = ARGV[at + 4],
  }
end

-- What goes wrong for one of several is its own answer.
local function take(job, step, ...)
  if #jobs == 1 then
    job.answer = step(job, ...)
    return
  end
  local ok, answer = pcall(step, job, ...)
  if not ok then
    -- @include error-of
    answer = error_of(answer)
  end
  job.answer = answer
end

local terms = {}
if ttl > 0 then terms = { 'deadline', digits(now + ttl) } end
if ARGV[14] ~= '' then terms[#terms + 1], terms[#terms + 2] = 'cost', ARGV[14] end
if ARGV[15] ~= '' then terms[#terms + 1], terms[#terms + 2] = 'account', ARGV[15] end
local written, listed = {}, {}

-- In one step, with what else the record is to have.
local function write_record(job, ...)
  redis.call('HSET', job.key, 'facts', job.facts, ...)
  if #terms > 0 then redis.call('HSET', job.key, unpack(terms)) end
  written[job.id] = true
  listed[#listed + 1], listed[#listed + 2] = created, job.id
end

local some_exist = redis.call('EXISTS', unpack(records)) > 0
local function is_known(job)
  return written[job.id] or some_exist and redis.call('EXISTS', job.key) == 1
end

local hits, life = 0, digits(retention + RECORD_LIFE)

-- The cache names the run whose data have the output, and until when they live: it is stored once. What one job has
-- read of it is remembered for those that ask for the same.
local cached_runs = {}
local function read_cached(text)
  if not cached_runs[text] then
    local run, till = string.match(text, '^(%S+) (%d+)$')
    cached_runs[text] = { run = run, data = prefix .. 'data:' .. run, is_short = tonumber(till) < now + retention }
  end
  return cached_runs[text]
end

-- So much is read for one answer, in bytes: a script is to be short.
local MOST_OUTPUT = 262144
local bytes_read = 0

local function read_output(cached, near)
  if cached.output then return cached.output end
  if cached.run ~= near then
    if bytes_read >= MOST_OUTPUT then return 'again' end
    cached.output = redis.call('HGET', cached.data, 'output')
    bytes_read = bytes_read + #(cached.output or '')
    return cached.output
  end
  cached.is_there = cached.is_there or redis.call('HEXISTS', cached.data, 'output') == 1
  return cached.is_there and ''
end

local function hit(job, text)
  if is_known(job) then return { 'exists' } end
  local cached = text and read_cached(text)
  local output = cached and read_output(cached, job.near)
  if not output then return nil end
  if output == 'again' then return { 'again' } end
  if cached.is_short then keep_at_least(cached.data, retention) end
  write_record(job, 'hit', cached.run)
  if ARGV[12] == '0' then
    -- Nobody else is to be told or paid: the record is written as it ends.
    redis.call('PEXPIRE', job.key, life)
    hits = hits + 1
  else
    -- @include usage backlog end-job
    local _, _, _, hook = read_facts(job.facts)
    -- As `live_job` reads one that ends, with END_FIELDS; this one has just been written.
    local ending = {
      id = job.id, key = job.key, tenant = tenant, status = 'succeeded', rev = 1, deadline = 0, hook = hook,
      created = created, retention = retention,
      more = { false, cached.run, ARGV[14] ~= '' and ARGV[14], ARGV[15] ~= '' and ARGV[15], false, false },
    }
    local _, price = end_job(prefix, ending, 'succeeded', now, nil, '')
    charge(prefix, job.id, tenant, price, false, now)
  end
  return { 'hit', created, cached.run, job.near == cached.run and '' or output }
end

-- What stands under a kind of key, by cache key.
local function look_up(kind, some)
  local keys, cache_keys, found = {}, {}, {}
  for _, job in ipairs(some) do
    local cache_key = job.cache_key
    if found[cache_key] == nil then
      found[cache_key] = false
      keys[#keys + 1], cache_keys[#cache_keys + 1] = prefix .. kind .. cache_key, cache_key
    end
  end
  for index, value in ipairs(redis.call('MGET', unpack(keys))) do found[cache_keys[index]] = value end
  return found
end

local uses_cache = mode == 'use' and delay == 0
local known = uses_cache and look_up('cache:', jobs) or {}
local left = {}
for _, job in ipairs(jobs) do
  take(job, hit, known[job.cache_key])
  if not job.answer then
    if ARGV[16] == '1' then job.answer = { 'not cached' } else left[#left + 1] = job end
  end
end
if hits > 0 then
  -- @include usage
  count_end(prefix, tenant, now, 'succeeded', 'hit', hits)
end

if #left > 0 then
  -- @include admit-queued
end
if #listed > 0 then list_jobs(prefix, tenant, listed, now, retention) end
local answers = {}
for index, job in ipairs(jobs) do answers[index] = job.answer end
return answers
