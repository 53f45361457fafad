-- @include first-live history close-run
-- Ends a job without the model's answer. The run goes on for others who joined it, in the place that it has; with the
-- last of them it loses its token, and a call that has begun must be paid. Answers whether a webhook is owed, and
-- whether nobody waits for the run.
local function leave_run(prefix, run, id, reason, now)
  local job = live_job(prefix, run, id, unpack(END_FIELDS))
  -- Put back without an attempt, it was not called: no endpoint had room.
  local called = job.status == 'running' or (tonumber(redis.call('HGET', prefix .. 'run:' .. run, 'spent')) or 0) > 0
  remember_leaving(job.key, reason, now)
  local owed, price = end_job(prefix, job, reason, now, nil, '')
  redis.call('ZREM', prefix .. 'joined:' .. run, id)
  local heir = first_live(prefix, run)
  charge(prefix, id, job.tenant, price, reason == 'canceled' and called and not heir, now)
  local is_waited = wake(prefix, run)
  if not heir then
    local closing = { gone = is_waited and { prefix .. 'waiting:' .. run, prefix .. 'reading:' .. run } or {} }
    close_run(prefix, closing, run, job.cache_key, job.retention, true, job.retention)
    redis.call('DEL', unpack(forget_runs(prefix, closing)))
    redis.call('PUBLISH', 'inferq:abandoned', run)
  elseif job.tag then
    redis.call('HSETNX', heir.key, 'tag', exact(job.tag))
  end
  return owed, heir == nil
end
