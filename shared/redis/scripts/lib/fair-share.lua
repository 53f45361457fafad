-- Start-time fair queueing (Goyal, Vin, Cheng 1996): a job's tag is the virtual time at which it would start if its
-- tenant had its share. BullMQ serves the lowest priority number first, so the tag becomes that number, less a base
-- that follows the clock (see rebase.lua). The band of the job's priority is a handicap in the same virtual time: it
-- lets others pass, but never for ever.
local HIGHEST = 2097151

local function tag_of_next(prefix, band, tenant)
  local clock = tonumber(redis.call('HGET', prefix .. 'fair', 'clock')) or 0
  return math.max(clock, tonumber(redis.call('ZSCORE', prefix .. 'shares', band .. ':' .. tenant)) or 0)
end

local function take_share(prefix, band, tenant, tag, share)
  redis.call('ZADD', prefix .. 'shares', exact(tag + share), band .. ':' .. tenant)
end

-- `later`: BullMQ puts the run among the others by itself, after a delay.
local function priority_of(prefix, tag, handicap, later)
  local fair = redis.call('HMGET', prefix .. 'fair', 'base', 'shift', 'front')
  local priority = 1 + math.floor(tag - (tonumber(fair[1]) or 0)) + handicap
  if fair[2] and (later or priority <= tonumber(fair[3])) then priority = priority - fair[2] end
  return math.max(1, math.min(HIGHEST, priority))
end

-- The clock moves to the tag of what starts. Whoever's share is used up by then is as good as new.
local function advance_clock(prefix, tag)
  if not tag or tag <= (tonumber(redis.call('HGET', prefix .. 'fair', 'clock')) or 0) then return end
  redis.call('HSET', prefix .. 'fair', 'clock', exact(tag))
  redis.call('ZREMRANGEBYSCORE', prefix .. 'shares', '-inf', exact(tag))
end
