-- Ends one job. Every way a record becomes terminal goes through here. `attempt`: one more for its history, or ''.
-- Answers whether a webhook is owed, and what `charge` wants to know.
-- `job`: as `live_job` answers it, with END_FIELDS.
local END_FIELDS = { 'cache', 'hit', 'cost', 'account', 'retries', 'history' }

local function end_job(prefix, job, status, now, problem, attempt)
  local cache, hit, cost, account, retries, history = unpack(job.more)
  local id, key, tenant = job.id, job.key, job.tenant
  if job.status == 'queued' then add_to_backlog(prefix, tenant, -1) end
  local revision = job.rev + 1
  local more = problem and { 'error', problem } or {}
  if attempt ~= '' then
    more[#more + 1], more[#more + 2] = 'history', (history and history .. '\n' or '') .. attempt
  end
  redis.call('HSET', key, 'status', status, 'ended', digits(now), 'rev', digits(revision), unpack(more))
  local fault = problem and string.match(problem, '"error_type":"([%l_]+)"')
  if job.deadline > 0 then redis.call('ZREM', prefix .. 'due', id) end
  count_end(prefix, tenant, now, status, hit and 'hit' or cache)
  if fault then count_usage(prefix, tenant, now, 'error:' .. fault) end
  local owed = string.find(job.hook, status, 1, true) ~= nil
  if owed then
    redis.call('ZADD', prefix .. 'outbox', digits(now), id .. ':' .. status .. ':' .. revision)
  end
  redis.call('PEXPIRE', key, digits(job.retention + RECORD_LIFE))
  -- Else its list lives long enough since it came (list.lua).
  if now - job.created > LONGEST_WAIT then
    keep_at_least(prefix .. 'list:' .. tenant, job.retention + RECORD_LIFE, 3600000)
  end
  return owed, { cost = cost, account = account, retries = retries }
end
