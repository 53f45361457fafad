-- What BullMQ's own scripts (bullmq 6, `moveToActive`, `moveToFinished`) do for a run that a worker takes and one that
-- has ended, without their events, which nobody here reads. A test holds the two against each other.

-- Delayed runs whose time has come by the worker's clock, which BullMQ goes by.
local function promote_due(prefix, now, is_full)
  local queue = prefix .. 'jobs:'
  local due = redis.call('ZRANGEBYSCORE', queue .. 'delayed', 0, digits((now + 1) * 4096 - 1), 'LIMIT', 0, 1000)
  if #due == 0 then return end
  -- @include bull
  redis.call('ZREM', queue .. 'delayed', unpack(due))
  for _, run in ipairs(due) do
    local priority = tonumber(redis.call('HGET', queue .. run, 'priority')) or 0
    if priority == 0 then
      redis.call('LPUSH', queue .. 'wait', run)
    else
      redis.call('ZADD', queue .. 'prioritized', bull_score(prefix, priority), run)
    end
    redis.call('HSET', queue .. run, 'delay', 0)
  end
  if not is_full then redis.call('ZADD', queue .. 'marker', 0, '0') end
end

-- Ms until the model's rate lets another run start.
local function rate_pause(queue, most)
  if not most or most > (tonumber(redis.call('GET', queue .. 'limiter')) or 0) then return 0 end
  local pause = redis.call('PTTL', queue .. 'limiter')
  if pause == 0 then redis.call('DEL', queue .. 'limiter') end
  return math.max(0, pause)
end

local function count_for_rate(queue, most, window)
  if most and redis.call('INCR', queue .. 'limiter') == 1 then
    redis.call('PEXPIRE', queue .. 'limiter', math.floor(math.abs(window)))
  end
end

local function first_waiting(queue, others)
  -- Those whose worker died are in `wait`.
  local stalled = others and redis.call('RPOPLPUSH', queue .. 'wait', queue .. 'active')
  if stalled then return stalled end
  local run = redis.call('ZPOPMIN', queue .. 'prioritized')[1]
  if run then redis.call('LPUSH', queue .. 'active', run) else redis.call('DEL', queue .. 'pc') end
  return run
end

-- Answers {run or '', ms until the rate allows one, when the next delayed one is due or 0}.
local function claim_run(prefix, token, lock_ms, worker, now)
  local queue = prefix .. 'jobs:'
  local meta = redis.call('HMGET', queue .. 'meta', 'paused', 'concurrency', 'max', 'duration')
  local is_full = meta[1] or meta[2] and redis.call('LLEN', queue .. 'active') >= tonumber(meta[2])
  local others = redis.call('EXISTS', queue .. 'delayed', queue .. 'wait') > 0
  if others then promote_due(prefix, now, is_full) end
  local most = tonumber(meta[3])
  local pause = rate_pause(queue, most)
  if pause > 0 or is_full then return { '', pause, 0 } end
  local run = first_waiting(queue, others)
  if not run then
    local due = redis.call('ZRANGE', queue .. 'delayed', 0, 0, 'WITHSCORES')[2]
    return { '', 0, due and digits(math.floor(due / 4096)) or 0 }
  end
  count_for_rate(queue, most, meta[4])
  redis.call('SET', queue .. run .. ':lock', token, 'PX', lock_ms)
  redis.call('HSET', queue .. run, 'processedOn', digits(now), 'pb', worker)
  -- Another worker that sleeps is woken where there is something for it; BullMQ wakes it in any case.
  local marker = queue .. 'marker'
  if not redis.call('ZSCORE', marker, '0') and redis.call('EXISTS', queue .. 'wait', queue .. 'prioritized') > 0 then
    redis.call('ZADD', marker, 0, '0')
  end
  return { run, 0, 0 }
end

-- The run has ended, and its worker holds it by the token; false where it does not, and BullMQ is to say so itself.
local function release_run(prefix, run, token)
  local queue = prefix .. 'jobs:'
  local lock = queue .. run .. ':lock'
  if redis.call('GET', lock) ~= token then return false end
  redis.call('DEL', lock, queue .. run)
  redis.call('SREM', queue .. 'stalled', run)
  redis.call('LREM', queue .. 'active', -1, run)
  return true
end

-- Claims a run and starts it. Where that fails the run's own worker is to see it fail, not whoever came by.
local function claim_and_start(prefix, token, lock_ms, worker, now, may_start)
  local claimed = claim_run(prefix, token, lock_ms, worker, now)
  if claimed[1] == '' or not may_start then return claimed end
  local ok, started = pcall(start_run, prefix, claimed[1], worker, false)
  if ok then claimed[4] = started end
  return claimed
end
