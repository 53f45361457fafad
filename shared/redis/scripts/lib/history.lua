-- RFC 3339 in UTC; the calendar after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
local function timestamp(ms)
  local floor = math.floor
  local days = floor(ms / 86400000) + 719468
  local era = floor(days / 146097)
  local doe = days - era * 146097
  local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
  local mp = floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  local rest = ms % 86400000
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, doy - floor((153 * mp + 2) / 5) + 1,
    floor(rest / 3600000), floor(rest / 60000) % 60, floor(rest / 1000) % 60, rest % 1000)
end

-- Adds attempts, lines of JSON, to a job's history.
local function remember(key, attempts)
  local history = redis.call('HGET', key, 'history')
  redis.call('HSET', key, 'history', (history and history .. '\n' or '') .. attempts)
end

-- The attempt that a job leaves in the middle.
local function remember_leaving(key, reason, now)
  local job = redis.call('HMGET', key, 'status', 'attempts', 'begun', 'started')
  if job[1] ~= 'running' then return end
  remember(key, string.format('{"attempt":%d,"started_at":"%s","ended_at":"%s","outcome":"%s"}', job[2],
    timestamp(tonumber(job[3] or job[4]) or now), timestamp(now), reason))
end
