-- Takes jobs in that the cache answers, and whose caller has the output already: their records are all that is to be
-- written. They are of one model and have the same terms; what the answer is not there for is left to `admit`.
--
-- KEYS[1] the first job's record
-- ARGV 1 key prefix, 2 retention in ms, 3 ttl in ms or 0, 4 1 where somebody is to be told or paid, 5 price or '',
--      6 account of the budget that holds it or ''; and for each tenant: its name, how many jobs; and for each of these:
--      its id, facts without the time, cache key, the run whose output the caller has
-- Answers when (ms), and for each job `hit`, `exists`, `not cached` where the cache has another run's or none, or the error
-- that its tenant met
-- @include clock record list usage
local OF_ALL, OF_TENANT, OF_JOB = 6, 2, 4
local prefix, retention, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now = now_ms()
local created, life, deadline = digits(now), digits(retention + RECORD_LIFE), ttl > 0 and digits(now + ttl)
local answers, written, runs = { now }, {}, {}

-- The run whose output the cache has for the key, else false. It lives as long as the job that is answered with it.
local function read_run(cache_key)
  local text = redis.call('GET', prefix .. 'cache:' .. cache_key)
  if not text then return false end
  local run, till = string.match(text, '^(%S+) (%d+)$')
  local data = prefix .. 'data:' .. run
  if redis.call('HEXISTS', data, 'output') == 0 then return false end
  if tonumber(till) < now + retention then keep_at_least(data, retention) end
  return run
end

local end_by_hit
if ARGV[4] == '1' then
  -- @include end-by-hit
  end_by_hit = end_hit
end

local function answer(tenant, id, key, may_exist, facts, cache_key, run)
  if written[id] or may_exist and redis.call('EXISTS', key) == 1 then return 'exists' end
  if runs[cache_key] == nil then runs[cache_key] = read_run(cache_key) end
  if runs[cache_key] ~= run then return 'not cached' end
  facts = created .. ' ' .. facts
  redis.call('HSET', key, 'facts', facts, 'hit', run)
  if deadline then redis.call('HSET', key, 'deadline', deadline) end
  if end_by_hit then
    end_by_hit(prefix, tenant, { id = id, key = key, facts = facts }, run, ARGV[5], ARGV[6], now)
  else
    redis.call('PEXPIRE', key, life)
  end
  written[id] = true
  return 'hit'
end

local function answer_tenant(tenant, first, last)
  local keys, listed, said = {}, {}, {}
  for job = first, last, OF_JOB do keys[#keys + 1] = prefix .. 'job:' .. ARGV[job] end
  local some_exist = redis.call('EXISTS', unpack(keys)) > 0
  for index, key in ipairs(keys) do
    local job = first + (index - 1) * OF_JOB
    local id = ARGV[job]
    said[index] = answer(tenant, id, key, some_exist, ARGV[job + 1], ARGV[job + 2], ARGV[job + 3])
    if said[index] == 'hit' then listed[#listed + 1], listed[#listed + 2] = created, id end
  end
  if #listed > 0 then
    if not end_by_hit then count_end(prefix, tenant, now, 'succeeded', 'hit', #listed / 2) end
    list_jobs(prefix, tenant, listed, now, retention)
  end
  for _, kind in ipairs(said) do answers[#answers + 1] = kind end
end

local at = OF_ALL + 1
while at <= #ARGV do
  local first, following = at + OF_TENANT, at + OF_TENANT + ARGV[at + 1] * OF_JOB
  local ok, caught = pcall(answer_tenant, ARGV[at], first, following - 1)
  if not ok then
    -- @include error-of
    caught = error_of(caught)
    for _ = 1, ARGV[at + 1] do answers[#answers + 1] = caught end
  end
  at = following
end
return answers
