-- Runs that started per second: an average that forgets within about 30 s, and how much of it was really seen. `rate`,
-- `rated` and `since` are what the state of the model has (backlog.lua), or false.
-- @include rate-window

-- Answers starts a second, and true where at least ten recent starts vouch for it.
local function start_rate(rate, rated, since, now)
  if not rate then return 0, false end
  local sum = rate * math.exp(-(now - rated) / RATE_WINDOW)
  local watched = 1 - math.exp(-math.max(now - since, 1000) / RATE_WINDOW)
  return sum / watched / (RATE_WINDOW / 1000), sum >= 10
end

local function read_start_rate(prefix, now)
  local seen = redis.call('HMGET', prefix .. 'state', 'rate', 'rated', 'since')
  return start_rate(seen[1], seen[2], seen[3], now)
end

-- The answer {'full', …} where a bound of the backlog is reached, else nil; `rate` is in starts a second.
local function refusal_when_full(of_model, of_tenant, most_of_model, most_of_tenant, rate)
  local of = of_tenant >= tonumber(most_of_tenant) and 'tenant' or of_model >= tonumber(most_of_model) and 'model'
  return of and { 'full', of, of == 'tenant' and of_tenant or of_model, tostring(rate) }
end
