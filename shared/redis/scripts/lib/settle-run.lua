-- Who waits reads what is larger: a cluster sends what is published to all of its nodes, and a subscriber that is slow
-- is cut off.
local MOST_TOLD = 8192

-- Ends an attempt of a run, as `settle` says it, whose arguments are the first of `argv`.
local function settle_run(key, argv)
  local prefix, run, outcome = argv[1], argv[2], argv[4]
  local held = redis.call('HMGET', key, 'token', 'deaths', 'blobs')
  local live = held[1] == argv[3] and live_jobs(prefix, run, unpack(END_FIELDS)) or {}
  local first = live[1]
  if not first then
    -- Whoever comes back has not died: it was slow, or cut off.
    if held[1] and held[1] ~= argv[3] and (tonumber(held[2]) or 0) > 0 then redis.call('HINCRBY', key, 'deaths', -1) end
    return { 'stale' }
  end

  local now = now_ms()
  if outcome == 'putback' then
    -- @include put-back
    return put_back(key, argv, live, now)
  end

  local cache_key, retention, kept = first.cache_key, tonumber(first.retention), tonumber(first.retention)
  if outcome == 'succeeded' then
    redis.call('HSET', prefix .. 'data:' .. run, 'output', argv[5])
    local cache_ttl = tonumber(argv[8])
    if cache_key and cache_ttl > 0 then
      -- As long as a job that is answered on the last day of it is kept.
      kept = retention + cache_ttl
      redis.call('SET', prefix .. 'cache:' .. cache_key, run .. ' ' .. digits(now + kept), 'PX', cache_ttl)
    end
  end

  local hands_over = outcome == 'handover' and #live > 1
  local status, problem = outcome == 'succeeded' and outcome or 'failed', argv[6] ~= '' and argv[6] or nil
  local answer = { 'settled' }
  for index = 1, hands_over and 1 or #live do
    local job = live[index]
    local owed, price = end_job(prefix, job, status, now, problem, argv[7])
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
  local has_blobs = held[3] or string.byte(argv[5]) == 64
  close_run(prefix, run, cache_key, digits(retention), kept, has_blobs)
  local function tell()
    local told = 'ended ' .. first.id .. '\0' .. argv[5] .. '\0' .. table.concat(redis.call('HGETALL', first.key), '\0')
    return #told <= MOST_TOLD and told
  end
  wake(prefix, run, true, #live == 1 and #argv[5] <= MOST_TOLD and tell or nil)
  return answer
end
