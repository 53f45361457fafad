-- What BullMQ's own scripts (bullmq 6, `moveToActive`) do for runs that a worker takes, without their events, which
-- nobody here reads. A test holds the two against each other.

-- Delayed runs whose time has come by the worker's clock, which BullMQ goes by.
local function promote_due(prefix, now, is_full)
  local queue = prefix .. 'jobs:'
  local due = redis.call('ZRANGEBYSCORE', queue .. 'delayed', '0', digits((now + 1) * 4096 - 1), 'LIMIT', '0', '1000')
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
    redis.call('HSET', queue .. run, 'delay', '0')
  end
  if not is_full then redis.call('ZADD', queue .. 'marker', '0', '0') end
end

-- The first so many that wait; `others`: not all of them stand in `prioritized`.
local function first_waiting(queue, count, others)
  local runs = { nil }
  -- Those whose worker died are in `wait`.
  while others and #runs < count do
    local stalled = redis.call('RPOPLPUSH', queue .. 'wait', queue .. 'active')
    if not stalled then break end
    runs[#runs + 1] = stalled
  end
  local wanted, stalled = count - #runs, #runs
  if wanted == 0 then return runs end
  local popped = redis.call('ZPOPMIN', queue .. 'prioritized', digits(wanted))
  for index = 1, #popped, 2 do runs[#runs + 1] = popped[index] end
  if #popped > 0 then redis.call('LPUSH', queue .. 'active', unpack(runs, stalled + 1)) end
  return runs
end

-- With none left the counter of `prioritized` begins anew, as soon as somebody looks in vain.
local function is_empty(queue)
  local empty = redis.call('EXISTS', queue .. 'prioritized') == 0
  if empty then redis.call('DEL', queue .. 'pc') end
  return empty
end

-- Takes a run for each taker, whose `lock` is the token of BullMQ's lock, as far as there are and may be taken, and notes
-- it there as `next`, and as `is_last` where BullMQ has none behind it and would tell of the next one. Answers for those
-- without one {'', ms until the rate allows one, when the next delayed one is due or 0}.
local function claim_runs(prefix, takers, lock_ms, worker, now)
  local queue = prefix .. 'jobs:'
  local others = redis.call('EXISTS', queue .. 'delayed', queue .. 'wait') > 0
  if is_empty(queue) and not others then return { '', 0, 0 } end
  local meta = redis.call('HMGET', queue .. 'meta', 'paused', 'concurrency', 'max', 'duration')
  local room = meta[1] and 0 or meta[2] and math.max(0, meta[2] - redis.call('LLEN', queue .. 'active')) or #takers
  if others then promote_due(prefix, now, room == 0) end
  local runs, pause, due = nil, 0, 0
  if meta[3] then
    -- @include bull-rate
    runs, pause = first_by_rate(queue, math.min(#takers, room), others, tonumber(meta[3]), meta[4])
  else
    runs = first_waiting(queue, math.min(#takers, room), others)
  end
  local processed_on = digits(now)
  for index, run in ipairs(runs) do
    redis.call('SET', queue .. run .. ':lock', takers[index].lock, 'PX', lock_ms)
    redis.call('HSET', queue .. run, 'processedOn', processed_on, 'pb', worker)
    takers[index].next = run
  end
  -- Another worker that sleeps is woken where there is something for it; BullMQ wakes it in any case.
  local marker, last = queue .. 'marker', runs[#runs] and takers[#runs]
  if last and redis.call('EXISTS', queue .. 'wait', queue .. 'prioritized') == 0 then
    -- Where the model is full nobody would set the marker for the next one.
    last.is_last = (not meta[2] or #runs < room) and (not others or redis.call('EXISTS', queue .. 'delayed') == 0)
  elseif last and not redis.call('ZSCORE', marker, '0') then
    redis.call('ZADD', marker, '0', '0')
  end
  if #runs == #takers then return nil end
  is_empty(queue)
  if pause == 0 then
    local delayed = redis.call('ZRANGE', queue .. 'delayed', '0', '0', 'WITHSCORES')[2]
    due = delayed and digits(math.floor(delayed / 4096)) or 0
  end
  return { '', pause, due }
end
