-- Ends one job. Every way a record becomes terminal goes through here. Answers whether a webhook is owed.
-- The record outlives its data by seven days (job-reader.ts tells the age of data by that).
local RECORD_LIFE = 7 * 86400 * 1000

local function end_job(prefix, id, status, now, problem)
  local key = prefix .. 'job:' .. id
  local job = redis.call('HMGET', key, 'tenant', 'status', 'hook', 'retention', 'cache', 'rev')
  if job[2] == 'queued' then add_to_backlog(prefix, job[1], -1) end
  local revision = (tonumber(job[6]) or 0) + 1
  redis.call('HSET', key, 'status', status, 'ended', digits(now), 'rev', revision)
  if problem then redis.call('HSET', key, 'error', problem) end
  local fault = problem and string.match(problem, '"error_type":"([%l_]+)"')
  redis.call('ZREM', prefix .. 'due', id)
  add_usage(prefix, job[1], now, status, 1)
  if fault then add_usage(prefix, job[1], now, 'error:' .. fault, 1) end
  if job[5] == 'hit' or job[5] == 'coalesced' then add_usage(prefix, job[1], now, job[5], 1) end
  local owed = job[3] and string.find(job[3], status, 1, true) ~= nil
  if owed then
    redis.call('ZADD', prefix .. 'outbox', digits(now), id .. ':' .. status .. ':' .. revision)
  end
  redis.call('PEXPIRE', key, digits(job[4] + RECORD_LIFE))
  keep_at_least(prefix .. 'list:' .. job[1], job[4] + RECORD_LIFE, 3600000)
  return owed
end
