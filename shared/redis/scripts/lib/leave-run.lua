-- A job's ttl bounds its wait for the first start, whatever comes after.
local function is_overdue(job, now)
  return job ~= nil and job.status == 'queued' and not job.started and job.deadline > 0 and job.deadline <= now
end

-- Ends a job without the model's answer. The run goes on for others who joined it, in the place that it has; with the
-- last of them it loses its token, and a call that has begun must be paid. Answers whether a webhook is owed, the run,
-- and whether nobody waits for it.
local function leave_run(prefix, id, reason, now)
  local key = prefix .. 'job:' .. id
  local job = redis.call('HMGET', key, 'run', 'tag', 'status', 'facts')
  local run = job[1] or id
  local _, retention, _, _, tenant, cache_key = read_facts(job[4])
  -- Put back without an attempt, it was not called: no endpoint had room.
  local called = job[3] == 'running' or (tonumber(redis.call('HGET', prefix .. 'run:' .. run, 'spent')) or 0) > 0
  remember_leaving(key, reason, now)
  local owed, price = end_job(prefix, id, reason, now, nil, '')
  redis.call('ZREM', prefix .. 'joined:' .. run, id)
  local heir = first_live(prefix, run)
  charge(prefix, id, tenant, price, reason == 'canceled' and called and not heir, now)
  if not heir then
    close_run(prefix, run, cache_key, retention)
    redis.call('PUBLISH', 'inferq:abandoned', run)
  elseif job[2] then
    redis.call('HSETNX', heir.key, 'tag', string.match(job[2], '^%S+'))
  end
  wake(prefix, run)
  return owed, run, heir == nil
end
