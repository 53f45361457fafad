-- Ends one job. Every way a record becomes terminal goes through here. `attempt`: one more for its history, or ''.
-- Answers whether a webhook is owed, and what `charge` wants to know.
local function end_job(prefix, id, status, now, problem, attempt)
  local key = prefix .. 'job:' .. id
  local job = redis.call('HMGET', key, 'status', 'facts', 'cache', 'hit', 'rev', 'deadline',
    'cost', 'account', 'retries', 'history')
  local _, retention, _, hook, tenant = read_facts(job[2])
  if job[1] == 'queued' then add_to_backlog(prefix, tenant, -1) end
  local revision = (tonumber(job[5]) or 1) + 1
  local more = problem and { 'error', problem } or {}
  if attempt ~= '' then
    more[#more + 1], more[#more + 2] = 'history', (job[10] and job[10] .. '\n' or '') .. attempt
  end
  redis.call('HSET', key, 'status', status, 'ended', digits(now), 'rev', digits(revision), unpack(more))
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
  return owed, { cost = job[7], account = job[8], retries = job[9] }
end
