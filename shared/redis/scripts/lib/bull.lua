-- What the scripts know of BullMQ's keys (bullmq 6, `getPriorityScore`): runs that wait stand in `prioritized` by
-- priority * 2^32 and a counter; a delayed one has its priority in its hash until its time comes.
local COUNTERS = 4294967296

local function bull_score(prefix, priority)
  return digits(priority * COUNTERS + redis.call('INCR', prefix .. 'jobs:pc') % COUNTERS)
end

-- How many runs BullMQ would start before one that came now with this priority.
local function count_ahead(prefix, priority)
  return redis.call('ZCOUNT', prefix .. 'jobs:prioritized', '-inf', '(' .. digits((priority + 1) * COUNTERS))
end

-- What BullMQ's own `add` would write for runs that may start now (`addPrioritizedJob`), without its events, which
-- nobody here reads. A test holds the two against each other. `runs`: {run, priority} each.
local BULL_OPTIONS = '{"attempts":1,"removeOnComplete":true,"removeOnFail":false}'

local function hand_to_bull(prefix, runs, now)
  local queue, places = prefix .. 'jobs:', {}
  local counter = redis.call('INCRBY', queue .. 'pc', #runs) - #runs
  for index, one in ipairs(runs) do
    local run, priority = unpack(one)
    redis.call('HSET', queue .. run, 'name', 'run', 'data', '{}', 'opts', BULL_OPTIONS, 'timestamp', now,
      'delay', '0', 'priority', digits(priority))
    places[2 * index - 1] = digits(priority * COUNTERS + (counter + index) % COUNTERS)
    places[2 * index] = run
  end
  redis.call('ZADD', queue .. 'prioritized', unpack(places))
  -- One that is there wakes a worker already.
  if redis.call('ZSCORE', queue .. 'marker', '0') then return end
  local meta = redis.call('HMGET', queue .. 'meta', 'paused', 'concurrency')
  local full = meta[2] and redis.call('LLEN', queue .. 'active') >= tonumber(meta[2])
  if not meta[1] and not full then redis.call('ZADD', queue .. 'marker', '0', '0') end
end
