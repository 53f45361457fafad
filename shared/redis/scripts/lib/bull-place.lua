-- The priority that BullMQ has for a run, and whether it waits for its time only; nil where BullMQ does not know it.
local function bull_priority(prefix, run)
  local kept = tonumber(redis.call('HGET', prefix .. 'jobs:' .. run, 'priority'))
  local score = redis.call('ZSCORE', prefix .. 'jobs:prioritized', run)
  if score then return math.floor(score / COUNTERS), false end
  return kept, true
end

-- Moves a run forward, to where its tag says. Never back: who joined it may have brought a better place.
local function move_forward(prefix, run, tag, handicap)
  local current, later = bull_priority(prefix, run)
  local priority = priority_of(prefix, tag, handicap, later)
  if not current or priority >= current then return end
  redis.call('HSET', prefix .. 'jobs:' .. run, 'priority', priority)
  if not later then redis.call('ZADD', prefix .. 'jobs:prioritized', bull_score(prefix, priority), run) end
end
