-- The backlog: how many records are queued, of the model ('*') and of each tenant ('t:<tenant>').
local function add_to_backlog(prefix, tenant, count)
  for _, field in ipairs({ '*', 't:' .. tenant }) do
    if redis.call('HINCRBY', prefix .. 'depth', field, count) <= 0 then
      redis.call('HDEL', prefix .. 'depth', field)
    end
  end
end

-- Runs that started per second: an average that forgets within about 30 s, and how much of it was really seen.
local RATE_WINDOW = 30000

local function record_start(prefix, now)
  local seen = redis.call('HMGET', prefix .. 'rate', 'sum', 'at', 'since')
  local sum, at = tonumber(seen[1]) or 0, tonumber(seen[2]) or now
  sum = sum * math.exp(-(now - at) / RATE_WINDOW)
  local since = sum < 0.01 and now or seen[3]
  redis.call('HSET', prefix .. 'rate', 'sum', sum + 1, 'at', digits(now), 'since', since and digits(since) or digits(now))
  redis.call('PEXPIRE', prefix .. 'rate', 20 * RATE_WINDOW)
end

-- Answers starts a second, and true where at least ten recent starts vouch for it.
local function start_rate(prefix, now)
  local seen = redis.call('HMGET', prefix .. 'rate', 'sum', 'at', 'since')
  if not seen[1] then return 0, false end
  local sum = tonumber(seen[1]) * math.exp(-(now - seen[2]) / RATE_WINDOW)
  local watched = 1 - math.exp(-math.max(now - seen[3], 1000) / RATE_WINDOW)
  return sum / watched / (RATE_WINDOW / 1000), sum >= 10
end

-- The answer {'full', …} where a bound of the backlog is reached, else nil.
local function refusal_when_full(prefix, tenant, most_of_model, most_of_tenant, now)
  local depth = redis.call('HMGET', prefix .. 'depth', '*', 't:' .. tenant)
  local of_model, of_tenant = tonumber(depth[1]) or 0, tonumber(depth[2]) or 0
  local of = of_tenant >= tonumber(most_of_tenant) and 'tenant' or of_model >= tonumber(most_of_model) and 'model'
  if not of then return nil end
  return { 'full', of, of == 'tenant' and of_tenant or of_model, tostring((start_rate(prefix, now))) }
end
