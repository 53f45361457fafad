-- The backlog: how many records are queued, of the model ('*') and of each tenant ('t:<tenant>').
local function depth_of(prefix, tenant)
  local depth = redis.call('HMGET', prefix .. 'depth', '*', 't:' .. tenant)
  return tonumber(depth[1]) or 0, tonumber(depth[2]) or 0
end

-- `of_model` and `of_tenant` are what `depth_of` has answered, where it was asked already.
local function add_to_backlog(prefix, tenant, count, of_model, of_tenant)
  local key = prefix .. 'depth'
  if not of_model then of_model, of_tenant = depth_of(prefix, tenant) end
  of_model, of_tenant = of_model + count, of_tenant + count
  if of_tenant > 0 and of_model > 0 then
    redis.call('HSET', key, '*', digits(of_model), 't:' .. tenant, digits(of_tenant))
  elseif of_model > 0 then
    redis.call('HSET', key, '*', digits(of_model))
    redis.call('HDEL', key, 't:' .. tenant)
  else
    redis.call('HDEL', key, '*', 't:' .. tenant)
  end
end

-- Runs that started per second: an average that forgets within about 30 s, and how much of it was really seen.
local RATE_WINDOW = 30000

local function record_start(prefix, now)
  local key = prefix .. 'rate'
  local seen = redis.call('HMGET', key, 'sum', 'at', 'since')
  local sum, at = tonumber(seen[1]) or 0, tonumber(seen[2]) or now
  sum = sum * math.exp(-(now - at) / RATE_WINDOW)
  if sum < 0.01 or not seen[3] then
    redis.call('HSET', key, 'sum', tostring(sum + 1), 'at', digits(now), 'since', digits(now))
  else
    redis.call('HSET', key, 'sum', tostring(sum + 1), 'at', digits(now))
  end
  keep_at_least(key, 10 * RATE_WINDOW, 10 * RATE_WINDOW)
end

-- Answers starts a second, and true where at least ten recent starts vouch for it.
local function start_rate(prefix, now)
  local seen = redis.call('HMGET', prefix .. 'rate', 'sum', 'at', 'since')
  if not seen[1] then return 0, false end
  local sum = tonumber(seen[1]) * math.exp(-(now - seen[2]) / RATE_WINDOW)
  local watched = 1 - math.exp(-math.max(now - seen[3], 1000) / RATE_WINDOW)
  return sum / watched / (RATE_WINDOW / 1000), sum >= 10
end

-- The answer {'full', …} where a bound of the backlog is reached, else nil; `depth_of` says how much is queued.
local function refusal_when_full(prefix, of_model, of_tenant, most_of_model, most_of_tenant, now)
  local of = of_tenant >= tonumber(most_of_tenant) and 'tenant' or of_model >= tonumber(most_of_model) and 'model'
  if not of then return nil end
  return { 'full', of, of == 'tenant' and of_tenant or of_model, tostring((start_rate(prefix, now))) }
end
