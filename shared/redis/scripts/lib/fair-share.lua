-- Start-time fair queueing (Goyal, Vin, Cheng 1996): a job's tag is the virtual time at which it would start if its
-- tenant had its share. BullMQ serves the lowest priority number first, so the tag becomes that number, less a base
-- that follows the clock (see rebase.lua). The band of the job's priority is a handicap in the same virtual time: it
-- lets others pass, but never for ever.
local HIGHEST = 2097151

-- The clock and the base, read once in a script. While the base moves, `shift`, `scan`, `at` and `front` stand behind it.
local fair_read
local function read_fair(clock, base)
  fair_read = { clock = tonumber(clock) or 0, base = tonumber(base or 0) }
  if fair_read.base then return fair_read end
  local at_rest, shift, scan, at, front = string.match(base, '^(%S+) (%S+) (%S+) (%S+) (%S+)$')
  fair_read.base, fair_read.shift, fair_read.front = tonumber(at_rest), tonumber(shift), tonumber(front)
  fair_read.scan, fair_read.at = scan, at
  return fair_read
end

local function fair_state(prefix)
  return fair_read or read_fair(unpack(redis.call('HMGET', prefix .. 'state', 'clock', 'base')))
end

-- `later`: BullMQ puts the run among the others by itself, after a delay.
local function priority_of(prefix, tag, handicap, later)
  local fair = fair_state(prefix)
  local priority = 1 + math.floor(tag - fair.base) + handicap
  if fair.shift and (later or priority <= fair.front) then priority = priority - fair.shift end
  return math.max(1, math.min(HIGHEST, priority))
end

-- Whether the base is to move on, or does (rebase.lua).
local function is_rebasing(prefix)
  local fair = fair_state(prefix)
  return fair.shift or fair.clock - fair.base > HIGHEST * 0.75
end
