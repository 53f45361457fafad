-- Takes jobs in, each once: answered from the cache, joined to an identical run, queued, or refused for want of room.
-- They are of one tenant and model and have the same terms, so that what is known of these is read and written once.
--
-- KEYS[1] the first job's record
-- ARGV 1 key prefix, 2 tenant, 3 cache mode (use, refresh, bypass) or '' where there is no cache, 4 ttl in ms or 0,
--      5 delay in ms, 6 priority band, 7 its handicap, 8 a job's share (see fair-share.ts), 9 most queued of the model,
--      10 most queued of the tenant, 11 retention in ms, 12 1 where somebody is to be told or paid at the end,
--      13 waiting replica or '', 14 price or '', 15 account of the budget that holds it or '',
--      16 1 where only a cached answer will do, 17 1 where BullMQ is to have them at once;
--      and for each job: its id, facts without the time, spec (JSON), input (as text.ts has it), cache key or '', and the
--      run whose output the caller has, or ''
-- Answers for each job
--         {'exists'}
--      or {'hit', created, run, its output or '' where the caller has it}
--      or {'joined', created, run, status}
--      or {'queued', created, priority, position, starts a second, 1 where BullMQ has it}
--      or {'full', 'model' or 'tenant', depth, starts a second}
--      or {'late', position, starts a second}
--      or {'not cached'}
--      or the error that this one met
-- What a way through does not need is included behind the end of that way: each function that a script defines costs,
-- and submissions that are answered from the cache are to pay for little.
-- @include clock record list
local FIRST, EACH = 18, 6
local prefix, tenant, mode = ARGV[1], ARGV[2], ARGV[3]
local ttl, delay, retention = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[11]
local now = now_ms()
local created = digits(now)
local jobs, records = {}, {}
for at = FIRST, #ARGV, EACH do
  local key = prefix .. 'job:' .. ARGV[at]
  records[#records + 1] = key
  jobs[#jobs + 1] = {
    id = ARGV[at], key = key, facts = created .. ' ' .. ARGV[at + 1], spec = ARGV[at + 2], input = ARGV[at + 3],
    cache_key = ARGV[at + 4], near = ARGV[at + 5],
  }
end

-- What goes wrong for one of them is its own answer.
local function take(job, step, ...)
  local ok, answer = pcall(step, job, ...)
  job.answer = ok and answer or not ok and (type(answer) == 'table' and answer or { err = 'ERR ' .. tostring(answer) }) or nil
end

local terms = {}
if ttl > 0 then terms = { 'deadline', digits(now + ttl) } end
if ARGV[14] ~= '' then terms[#terms + 1], terms[#terms + 2] = 'cost', ARGV[14] end
if ARGV[15] ~= '' then terms[#terms + 1], terms[#terms + 2] = 'account', ARGV[15] end
local written, listed = {}, {}

-- In one step, with what else the record is to have.
local function write_record(job, status, ...)
  redis.call('HSET', job.key, 'facts', job.facts, 'spec', job.spec, 'status', status, ...)
  if #terms > 0 then redis.call('HSET', job.key, unpack(terms)) end
  written[job.id] = true
  listed[#listed + 1], listed[#listed + 2] = created, job.id
end

local some_exist = redis.call('EXISTS', unpack(records)) > 0
local function is_known(job)
  return written[job.id] or some_exist and redis.call('EXISTS', job.key) == 1
end

local hits, runs_with_output = 0, {}

-- The cache names the run whose data have the output, and until when they live: it is stored once.
local function hit(job, known)
  if is_known(job) then return { 'exists' } end
  if not known then return nil end
  local run, till = string.match(known, '^(%S+) (%d+)$')
  local data = prefix .. 'data:' .. run
  local output = ''
  if run ~= job.near then
    output = redis.call('HGET', data, 'output')
    if not output then return nil end
  elseif not runs_with_output[run] then
    if redis.call('HEXISTS', data, 'output') == 0 then return nil end
    runs_with_output[run] = true
  end
  if tonumber(till) < now + retention then keep_at_least(data, retention) end
  write_record(job, 'succeeded', 'hit', run)
  if ARGV[12] == '0' then
    -- Nobody else is to be told or paid: the record is written as it ends.
    redis.call('PEXPIRE', job.key, digits(retention + RECORD_LIFE))
    hits = hits + 1
  else
    -- @include usage backlog end-job
    local _, _, _, hook = read_facts(job.facts)
    -- As `live_job` reads one that ends, with END_FIELDS; this one has just been written.
    local ending = {
      id = job.id, key = job.key, tenant = tenant, status = 'succeeded', rev = 1, deadline = 0, hook = hook,
      created = created, retention = retention,
      more = { false, run, ARGV[14] ~= '' and ARGV[14], ARGV[15] ~= '' and ARGV[15], false, false },
    }
    local _, price = end_job(prefix, ending, 'succeeded', now, nil, '')
    charge(prefix, job.id, tenant, price, false, now)
  end
  return { 'hit', created, run, output }
end

local known = {}
if mode == 'use' and delay == 0 then
  local keys = {}
  for _, job in ipairs(jobs) do
    keys[#keys + 1], keys[#keys + 2] = prefix .. 'cache:' .. job.cache_key, prefix .. 'flight:' .. job.cache_key
  end
  known = redis.call('MGET', unpack(keys))
end
local left = {}
for index, job in ipairs(jobs) do
  take(job, hit, known[2 * index - 1])
  job.flying = known[2 * index]
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
if #listed > 0 then list_jobs(prefix, tenant, listed, retention) end
local answers = {}
for index, job in ipairs(jobs) do answers[index] = job.answer end
return answers
