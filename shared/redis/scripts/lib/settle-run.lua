-- @include close-run
-- Who waits reads what is larger: a cluster sends what is published to all of its nodes, and a subscriber that is slow
-- is cut off.
local MOST_TOLD = 8192

-- The end of an attempt, as the arguments of `settle` say it that begin at `at`; behind them may be what `finish` wants.
local function read_ending(at)
  local outcome, text = ARGV[at + 2], ARGV[at + 3]
  local succeeds = outcome == 'succeeded'
  return {
    run = ARGV[at], token = ARGV[at + 1], outcome = outcome, output = succeeds and text or '',
    problem = not succeeds and text ~= '' and text or nil, attempt = ARGV[at + 4], amount = ARGV[at + 5],
    lock = ARGV[at + 6], takes = ARGV[at + 7], answer = false, is_released = false, index = false, next = false, is_last = false,
    start = false,
  }
end

-- Ends an attempt of one run among those of which `settling` tells what they have.
local function settle_run(prefix, ending, settling)
  local run, outcome, key = ending.run, ending.outcome, prefix .. 'run:' .. ending.run
  local held = redis.call('HMGET', key, 'token', 'deaths', 'blobs')
  local is_ours = held[1] == ending.token
  local live = is_ours and live_jobs(prefix, run, settling.joined, unpack(END_FIELDS)) or {}
  local first = live[1]
  if not first then
    -- Whoever comes back has not died: it was slow, or cut off.
    if held[1] and not is_ours and (tonumber(held[2]) or 0) > 0 then redis.call('HINCRBY', key, 'deaths', -1) end
    return { 'stale' }
  end

  local now = now_ms()
  if outcome == 'putback' then
    -- @include put-back
    return put_back(prefix, ending, live, now)
  end

  local cache_key, retention, kept = first.cache_key, tonumber(first.retention), tonumber(first.retention)
  if outcome == 'succeeded' then
    redis.call('HSET', prefix .. 'data:' .. run, 'output', ending.output)
    if cache_key and ending.amount ~= '0' then
      -- As long as a job that is answered on the last day of it is kept.
      kept = retention + ending.amount
      redis.call('SET', prefix .. 'cache:' .. cache_key, run .. ' ' .. digits(now + kept), 'PX', ending.amount)
    end
  end

  local hands_over = outcome == 'handover' and #live > 1
  local status, problem = outcome == 'succeeded' and outcome or 'failed', ending.problem
  local answer = { 'settled' }
  for index = 1, hands_over and 1 or #live do
    local job = live[index]
    local owed, price = end_job(prefix, job, status, now, problem, ending.attempt)
    if owed then answer[#answer + 1] = job.id end
    -- The first pays for an answer.
    charge(prefix, job.id, job.tenant, price, status == 'succeeded' and index == 1, now)
    if status == 'failed' then
      -- The index that `redrive` works through, oldest first; who is older than the retention has no input any more.
      redis.call('ZADD', prefix .. 'failed', digits(now), job.id)
      redis.call('ZREMRANGEBYSCORE', prefix .. 'failed', '-inf', digits(now - retention))
      keep_at_least(prefix .. 'failed', retention)
    end
  end
  if hands_over then
    -- @include hand-over
    local next_run, priority = hand_over(prefix, run, live, now)
    answer = { 'handover', next_run, priority, unpack(answer, 2) }
  end
  local has_blobs = held[3] or string.byte(ending.output) == 64
  close_run(prefix, settling, run, cache_key, kept, has_blobs, settling.events and digits(retention))
  if not settling.waiting then return answer end
  local function tell()
    local record = table.concat(redis.call('HGETALL', first.key), '\0')
    local told = 'ended ' .. first.id .. '\0' .. ending.output .. '\0' .. record
    return #told <= MOST_TOLD and told
  end
  -- Of a run that is closed they are told no more.
  if wake(prefix, run, #live == 1 and #ending.output <= MOST_TOLD and tell or nil) then
    local gone = settling.gone
    gone[#gone + 1], gone[#gone + 2] = prefix .. 'waiting:' .. run, prefix .. 'reading:' .. run
  end
  return answer
end

-- Ends attempts, each for itself. Notes at each what `settle` answers, or the error that it failed with; answers the keys
-- that are yet to be deleted.
local function settle_runs(prefix, endings)
  -- With room for one: a table that grows costs more.
  local settling = { nil, joined = true, waiting = true, events = true, flights = false, gone = { nil, nil, nil, nil, nil } }
  if #endings == 1 then
    endings[1].answer = settle_run(prefix, endings[1], settling)
  else
    -- @include settle-many
    settle_many(prefix, endings, settling)
  end
  return forget_runs(prefix, settling)
end
