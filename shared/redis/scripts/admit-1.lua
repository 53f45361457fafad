-- Takes jobs in, each once: answered from the cache, joined to an identical run, queued, or refused for want of room.
-- They are of one model and have the same terms; what is known of the model and of a tenant is read and written once for
-- all jobs of that tenant.
--
-- KEYS[1] the first job's record
-- ARGV 1 key prefix, 2 cache mode (use, refresh, bypass) or '' where there is no cache, 3 ttl in ms or 0, 4 delay in ms,
--      5 priority band, 6 its handicap, 7 most queued of the model, 8 retention in ms, 9 1 where somebody is to be told
--      or paid at the end, 10 waiting replica or '', 11 price or '', 12 account of the budget that holds it or '',
--      13 1 where only a cached answer will do, 14 1 where BullMQ is to have them at once;
--      and for each tenant: its name, a job's share (see fair-share.ts), most queued of it, how many jobs;
--      and for each of these: its id, facts without the time, input (as text.ts has it; '' with 13), cache key or ''
-- Answers for each job
--         {'exists'}
--      or {'hit', created, run, its output}
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
local OF_ALL, OF_TENANT, OF_JOB = 14, 4, 4
local prefix, mode = ARGV[1], ARGV[2]
local ttl, delay, retention = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[8]
local now = now_ms()
local created = digits(now)

-- So much output is read for one answer, in bytes: a script is to be short.
local MOST_OUTPUT = 262144
local bytes_read = 0

-- With room for one: a table that grows costs more. So it is below.
local function read_jobs(from, count)
  local jobs, records = { nil }, { nil }
  for at = from, from + (count - 1) * OF_JOB, OF_JOB do
    local key = prefix .. 'job:' .. ARGV[at]
    records[#records + 1] = key
    jobs[#jobs + 1] = {
      id = ARGV[at], key = key, facts = created .. ' ' .. ARGV[at + 1], input = ARGV[at + 2], cache_key = ARGV[at + 3],
      answer = false,
    }
  end
  return jobs, records
end

-- Those of one tenant. Notes its answer at each.
local function admit(jobs, records, tenant, share, most_of_tenant)
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

  local terms = { nil, nil }
  if ttl > 0 then terms = { 'deadline', digits(now + ttl) } end
  if ARGV[11] ~= '' then terms[#terms + 1], terms[#terms + 2] = 'cost', ARGV[11] end
  if ARGV[12] ~= '' then terms[#terms + 1], terms[#terms + 2] = 'account', ARGV[12] end
  local written, listed = {}, { nil, nil }

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

  -- By cache key, what the cache has and who is in flight.
  local known, flying = {}, {}
  local uses_cache, only_cached = mode == 'use' and delay == 0, ARGV[13] == '1'
  if uses_cache then
    local keys, cache_keys = { nil, nil }, { nil }
    for _, job in ipairs(jobs) do
      local cache_key = job.cache_key
      if known[cache_key] == nil then
        known[cache_key], keys[#keys + 1] = false, prefix .. 'cache:' .. cache_key
        if not only_cached then keys[#keys + 1] = prefix .. 'flight:' .. cache_key end
        cache_keys[#cache_keys + 1] = cache_key
      end
    end
    local values, each = redis.call('MGET', unpack(keys)), only_cached and 1 or 2
    for index, cache_key in ipairs(cache_keys) do
      known[cache_key] = values[(index - 1) * each + 1]
      flying[cache_key] = not only_cached and values[index * each]
    end
  end
  local hits, has_answers = 0, false
  for _, text in pairs(known) do has_answers = has_answers or text ~= false end
  if has_answers then
    -- @include admit-cached
    for _, job in ipairs(jobs) do
      if known[job.cache_key] then take(job, hit, known[job.cache_key]) end
    end
  end
  local left = { nil }
  for _, job in ipairs(jobs) do
    if not job.answer and is_known(job) then
      job.answer = { 'exists' }
    elseif not job.answer and only_cached then
      job.answer = { 'not cached' }
    elseif not job.answer then
      left[#left + 1] = job
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
end

local answers, at = { nil }, OF_ALL + 1
while at <= #ARGV do
  local tenant, share, most, count = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
  local jobs, records = read_jobs(at + OF_TENANT, count)
  at = at + OF_TENANT + count * OF_JOB
  if #answers == 0 and at > #ARGV then
    admit(jobs, records, tenant, share, most)
  else
    local ok, caught = pcall(admit, jobs, records, tenant, share, most)
    if not ok then
      -- @include error-of
      caught = error_of(caught)
      for _, job in ipairs(jobs) do job.answer = caught end
    end
  end
  for _, job in ipairs(jobs) do answers[#answers + 1] = job.answer end
end
return answers
