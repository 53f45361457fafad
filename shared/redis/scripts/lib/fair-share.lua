-- Start-time fair queueing (Goyal, Vin, Cheng 1996): a job's tag is the virtual time at which it would start if its
-- tenant had its share. BullMQ serves the lowest priority number first, so the tag becomes that number, less a base
-- that follows the clock (see rebase.lua). The band of the job's priority is a handicap in the same virtual time: it
-- lets others pass, but never for ever.
local HIGHEST = 2097151

-- The state of the fair shares, read once in a script: `clock`, `base`, and while the base moves `shift`, `scan`, `at`
-- and `front`. Who writes it forgets what was read.
local fair_read
local function fair_state(prefix)
  if not fair_read then
    local fair = redis.call('HMGET', prefix .. 'fair', 'clock', 'base', 'shift', 'scan', 'at', 'front')
    fair_read = {
      clock = tonumber(fair[1]) or 0, base = tonumber(fair[2]) or 0, shift = tonumber(fair[3]),
      scan = fair[4], at = fair[5], front = tonumber(fair[6]),
    }
  end
  return fair_read
end

local function tag_of_next(prefix, band, tenant)
  local share = redis.call('ZSCORE', prefix .. 'shares', band .. ':' .. tenant)
  return math.max(fair_state(prefix).clock, tonumber(share) or 0)
end

local function take_share(prefix, band, tenant, tag, share)
  redis.call('ZADD', prefix .. 'shares', exact(tag + share), band .. ':' .. tenant)
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
