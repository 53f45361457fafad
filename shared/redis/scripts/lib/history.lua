-- Adds attempts, lines as attempt-history.ts has them, to a job's history.
local function remember(key, attempts)
  local history = redis.call('HGET', key, 'history')
  redis.call('HSET', key, 'history', (history and history .. '\n' or '') .. attempts)
end

-- The attempt that a job leaves in the middle.
local function remember_leaving(key, reason, now)
  local job = redis.call('HMGET', key, 'status', 'attempts', 'begun', 'started')
  if job[1] ~= 'running' then return end
  local begun = tonumber(job[3] or job[4]) or now
  remember(key, string.format('[%d,%d,%d,"%s"]', job[2], begun, math.max(0, now - begun), reason))
end
