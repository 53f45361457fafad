-- Ends one job. Every way a record becomes terminal goes through here. Answers whether a webhook is owed.
local function end_job(prefix, id, status, now, problem)
  local key = prefix .. 'job:' .. id
  local job = redis.call('HMGET', key, 'status', 'facts', 'cache', 'hit', 'rev', 'deadline')
  local _, retention, _, hook, tenant = read_facts(job[2])
  if job[1] == 'queued' then add_to_backlog(prefix, tenant, -1) end
  local revision = (tonumber(job[5]) or 1) + 1
  redis.call('HSET', key, 'status', status, 'ended', digits(now), 'rev', revision,
    unpack(problem and { 'error', problem } or {}))
  local fault = problem and string.match(problem, '"error_type":"([%l_]+)"')
  if job[6] then redis.call('ZREM', prefix .. 'due', id) end
  count_end(prefix, tenant, now, status, job[4] and 'hit' or job[3])
  if fault then count_usage(prefix, tenant, now, 'error:' .. fault) end
  local owed = string.find(hook, status, 1, true) ~= nil
  if owed then
    redis.call('ZADD', prefix .. 'outbox', digits(now), id .. ':' .. status .. ':' .. revision)
  end
  redis.call('PEXPIRE', key, digits(retention + RECORD_LIFE))
  keep_at_least(prefix .. 'list:' .. tenant, retention + RECORD_LIFE, 3600000)
  return owed
end
