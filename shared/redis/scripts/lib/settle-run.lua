-- Larger outputs are read by who wants them.
local MOST_TOLD = 16384

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
  local cache_key, retention = first.cache_key, tonumber(first.retention)

  local function queue_again(job)
    redis.call('HSET', job.key, 'status', 'queued', 'rev', job.rev + 1)
    add_to_backlog(prefix, job.tenant, 1)
  end

  local function put_back()
    redis.call('HDEL', key, 'token', 'progress', 'worker')
    redis.call('HINCRBY', key, 'spent', argv[9])
    -- It came to an end, and its worker lives.
    if argv[9] == '1' then redis.call('HDEL', key, 'deaths') end
    for _, job in ipairs(live) do
      if argv[7] ~= '' then remember(job.key, argv[7]) end
      -- An attempt that does not count was none: the next one has its number.
      if argv[9] == '0' then redis.call('HINCRBY', job.key, 'attempts', -1) end
      queue_again(job)
    end
    -- While it ran the priorities may have been rebased: the worker gives it back to BullMQ with the one noted here.
    move_forward(prefix, run, first.tag or 0, first.handicap)
    look_at(prefix, run, now + 60000)
    add_event(prefix, run, 'status', '{"status":"queued"}')
    wake(prefix, run)
    return { 'queued' }
  end

  -- The jobs behind the first become a run of the next one's own, with the same input.
  local function hand_over()
    local heir = live[2]
    local next_run = heir.id
    redis.call('COPY', prefix .. 'data:' .. run, prefix .. 'data:' .. next_run)
    hold_blobs(prefix, next_run, '+inf')
    redis.call('COPY', prefix .. 'waiting:' .. run, prefix .. 'waiting:' .. next_run)
    for index = 2, #live do
      redis.call('HSET', live[index].key, 'run', next_run)
      queue_again(live[index])
    end
    redis.call('ZREM', prefix .. 'joined:' .. run, first.id, heir.id)
    if #live > 2 then redis.call('RENAME', prefix .. 'joined:' .. run, prefix .. 'joined:' .. next_run) end
    redis.call('HSETNX', heir.key, 'tag', exact(first.tag or 0))
    look_at(prefix, next_run, now + 5000)
    -- Who reads along throws away what the failed attempt has said.
    add_event(prefix, next_run, 'status', '{"status":"queued"}')
    if cache_key and redis.call('GET', prefix .. 'flight:' .. cache_key) == run then
      redis.call('SET', prefix .. 'flight:' .. cache_key, next_run)
    end
    return next_run, priority_of(prefix, first.tag or 0, heir.handicap)
  end

  -- The index that `redrive` works through, oldest first; who is older than the retention has no input any more.
  local function index_failed(id)
    redis.call('ZADD', prefix .. 'failed', digits(now), id)
    redis.call('ZREMRANGEBYSCORE', prefix .. 'failed', '-inf', digits(now - retention))
    keep_at_least(prefix .. 'failed', retention)
  end

  -- Ends the first `count` jobs, of which the first pays for an answer; answers {'settled', id…}.
  local function finish(status, count)
    local problem = argv[6] ~= '' and argv[6] or nil
    local answer = { 'settled' }
    for index = 1, count do
      local job = live[index]
      local owed, price = end_job(prefix, job, status, now, problem, argv[7])
      if owed then answer[#answer + 1] = job.id end
      charge(prefix, job.id, job.tenant, price, status == 'succeeded' and index == 1, now)
      if status == 'failed' then index_failed(job.id) end
    end
    return answer
  end

  if outcome == 'putback' then return put_back() end

  local kept = retention
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
  local answer = finish(outcome == 'succeeded' and 'succeeded' or 'failed', hands_over and 1 or #live)
  if hands_over then
    local next_run, priority = hand_over()
    answer = { 'handover', next_run, priority, unpack(answer, 2) }
  end
  local has_blobs = held[3] or string.byte(argv[5]) == 64
  close_run(prefix, run, cache_key, digits(retention), kept, has_blobs)
  local function tell()
    return 'ended ' .. first.id .. '\0' .. argv[5] .. '\0' .. table.concat(redis.call('HGETALL', first.key), '\0')
  end
  wake(prefix, run, #live == 1 and #argv[5] <= MOST_TOLD and tell or nil)
  return answer
end
