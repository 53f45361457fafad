-- Ends an attempt of a run, by whoever holds its token; a stale token changes nothing.
--
-- KEYS[1] the run's hash
-- ARGV 1 key prefix, 2 run, 3 token, 4 outcome (succeeded, failed, handover, putback), 5 output (JSON) or '',
--      6 error (JSON) or '', 7 the attempt for the history (JSON) or '', 8 cache ttl in ms or 0,
--      9 with putback: 1 where the attempt counts
-- `handover`: the attempts of the run's owner are spent; whoever joined it goes on with attempts of their own.
-- Answers {'stale'} or {'settled', id…} or {'handover', next run, priority, id…} or {'queued'} after putback;
--         the ids are of the jobs that ended and to whose clients a webhook is owed
-- @include clock backlog run end-job fair-share
local prefix, run, outcome = ARGV[1], ARGV[2], ARGV[4]
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[3] then return { 'stale' } end

local now = now_ms()
local live = live_jobs(prefix, run)
local owner = redis.call('HMGET', prefix .. 'job:' .. owner_of(run), 'ckey', 'retention')

local function remember_attempt(job)
  if ARGV[7] ~= '' then
    local history = redis.call('HGET', job.key, 'history')
    redis.call('HSET', job.key, 'history', (history and history .. '\n' or '') .. ARGV[7])
  end
end

local function put_back()
  redis.call('HDEL', KEYS[1], 'token', 'progress', 'worker')
  redis.call('HINCRBY', KEYS[1], 'spent', ARGV[9])
  for _, job in ipairs(live) do
    remember_attempt(job)
    redis.call('HSET', job.key, 'status', 'queued')
    redis.call('HINCRBY', job.key, 'rev', 1)
    add_to_backlog(prefix, job.tenant, 1)
  end
  if live[1] then redis.call('ZADD', prefix .. 'due', digits(now + 60000), live[1].id) end
  add_event(prefix, run, now, 'status', '{"status":"queued"}')
  wake(prefix, run)
  return { 'queued' }
end

-- The jobs behind the first become a run of the next one's own, with the same input.
local function hand_over()
  local heir = live[2]
  local next_run = heir.id
  redis.call('COPY', prefix .. 'data:' .. run, prefix .. 'data:' .. next_run)
  redis.call('COPY', prefix .. 'waiting:' .. run, prefix .. 'waiting:' .. next_run)
  redis.call('HDEL', prefix .. 'data:' .. next_run, 'output')
  for index = 2, #live do
    local job = live[index]
    redis.call('HSET', job.key, 'status', 'queued', 'run', next_run)
    redis.call('HINCRBY', job.key, 'rev', 1)
    add_to_backlog(prefix, job.tenant, 1)
    if index > 2 then redis.call('SADD', prefix .. 'joined:' .. next_run, job.id) end
  end
  local priority = tonumber(redis.call('HGET', prefix .. 'job:' .. owner_of(run), 'priority')) or 1
  redis.call('HSET', heir.key, 'priority', priority)
  redis.call('ZADD', prefix .. 'due', digits(now + 5000), heir.id)
  if owner[1] and redis.call('GET', prefix .. 'flight:' .. owner[1]) == run then
    redis.call('SET', prefix .. 'flight:' .. owner[1], next_run)
  end
  return next_run, priority
end

local function finish()
  if outcome == 'succeeded' then
    redis.call('HSET', prefix .. 'data:' .. run, 'output', ARGV[5])
    if owner[1] and tonumber(ARGV[8]) > 0 then
      redis.call('SET', prefix .. 'cache:' .. owner[1], ARGV[5], 'PX', ARGV[8])
    end
  end
  local status = outcome == 'succeeded' and 'succeeded' or 'failed'
  local problem = ARGV[6] ~= '' and ARGV[6] or nil
  local last = outcome == 'handover' and 1 or #live
  local answer = { 'settled' }
  for index = 1, last do
    if live[index] then
      remember_attempt(live[index])
      if end_job(prefix, live[index].id, status, now, problem) then answer[#answer + 1] = live[index].id end
    end
  end
  return answer
end

if outcome == 'putback' then return put_back() end
local answer = finish()
if outcome == 'handover' and #live > 1 then
  local next_run, priority = hand_over()
  answer = { 'handover', next_run, priority, unpack(answer, 2) }
end
close_run(prefix, run, owner[1], owner[2])
wake(prefix, run)
return answer
