-- How many runs a second start while some wait for it: what the workers can do, not what is asked of them. `rate` runs
-- started in `busy` ms during which runs waited, and the last at `rated` (see note-starts.lua); all as the state of the
-- model has them (backlog.lua), or false.
-- @include rate-window

-- Answers starts a second, and true where at least ten recent starts vouch for it.
local function start_rate(rate, rated, busy, now)
  if not rate then return 0, false end
  -- Whoever starts at once waits for less than is measured.
  local took = math.max(tonumber(busy) or 0, rate / 10)
  -- The clock may have been set back.
  local gap = math.max(0, now - rated)
  return rate / took * 1000, rate * math.exp(-gap / RATE_WINDOW) >= 10
end

local function read_start_rate(prefix, now)
  local seen = redis.call('HMGET', prefix .. 'state', 'rate', 'rated', 'busy')
  return start_rate(seen[1], seen[2], seen[3], now)
end

-- Starts a second as clients are told of them; '0' where too few vouch for it, or the model is paused: nobody knows when
-- it goes on.
local function told_rate(prefix, now)
  local rate, sure = read_start_rate(prefix, now)
  return sure and redis.call('HEXISTS', prefix .. 'jobs:meta', 'paused') == 0 and tostring(rate) or '0'
end

-- The answer {'full', …} where a bound of the backlog is reached, else nil; `rate` is in starts a second.
local function refusal_when_full(of_model, of_tenant, most_of_model, most_of_tenant, rate)
  local of = of_tenant >= tonumber(most_of_tenant) and 'tenant' or of_model >= tonumber(most_of_model) and 'model'
  return of and { 'full', of, of == 'tenant' and of_tenant or of_model, tostring(rate) }
end
