-- A worker takes a run. Jobs whose ttl ran out before they first started end here; nobody left: nothing to do.
--
-- KEYS[1] the run's hash
-- ARGV 1 key prefix, 2 run, 3 the worker's name
-- Answers {'ended'}
--      or {'run', token, now, job id, spec, input, tenant, model, version, attempts before,
--          attempts of the run spent, ms since it was queued}
-- @include clock backlog run end-job fair-share
local prefix, run = ARGV[1], ARGV[2]
local now = now_ms()
local live = {}

for _, job in ipairs(live_jobs(prefix, run)) do
  if not job.started and job.deadline > 0 and job.deadline <= now then
    end_job(prefix, job.id, 'expired', now)
  else
    live[#live + 1] = job
  end
end

local owner = redis.call('HMGET', prefix .. 'job:' .. owner_of(run), 'spec', 'tenant', 'model', 'version', 'ckey', 'retention')
if #live == 0 then
  if owner[6] then close_run(prefix, run, owner[5], owner[6]) end
  wake(prefix, run)
  advance_clock(prefix, nil)
  return { 'ended' }
end

for _, job in ipairs(live) do
  if job.status == 'queued' then add_to_backlog(prefix, job.tenant, -1) end
  redis.call('HSETNX', job.key, 'started', digits(now))
  redis.call('HSET', job.key, 'status', 'running', 'attempts', job.attempts + 1)
  redis.call('HINCRBY', job.key, 'rev', 1)
  redis.call('ZREM', prefix .. 'due', job.id)
end

-- The token fences: whoever comes back with an older one is refused.
local token = redis.call('HINCRBY', KEYS[1], 'tokens', 1)
redis.call('HSET', KEYS[1], 'token', token, 'started', digits(now), 'worker', ARGV[3])
redis.call('HDEL', KEYS[1], 'progress')
redis.call('ZADD', prefix .. 'due', digits(now + 60000), live[1].id)
record_start(prefix, now)
advance_clock(prefix, live[1].tag)
add_event(prefix, run, now, 'status', '{"status":"running","attempt":' .. live[1].attempts + 1 .. '}')
wake(prefix, run)
return { 'run', token, digits(now), live[1].id, owner[1], redis.call('HGET', prefix .. 'data:' .. run, 'input'),
  owner[2], owner[3], owner[4], live[1].attempts, tonumber(redis.call('HGET', KEYS[1], 'spent')) or 0,
  digits(now - (redis.call('HGET', live[1].key, 'queued') or redis.call('HGET', live[1].key, 'created'))) }
