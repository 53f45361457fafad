-- Start-time fair queueing (Goyal, Vin, Cheng 1996): a job's tag is the virtual time at which it would start if its
-- tenant had its share. BullMQ serves the lowest priority number first, so the tag becomes that number. The band of
-- the job's priority is a handicap in the same virtual time: it lets others pass, but never for ever.
local HIGHEST = 2097151

local function next_tag(prefix, band, tenant, share)
  local last_field = 't:' .. band .. ':' .. tenant
  local seen = redis.call('HMGET', prefix .. 'fair', 'clock', last_field)
  local tag = math.max(tonumber(seen[1]) or 0, tonumber(seen[2]) or 0)
  redis.call('HSET', prefix .. 'fair', last_field, tag + share)
  return tag
end

local function priority_of(prefix, tag, handicap)
  local base = tonumber(redis.call('HGET', prefix .. 'fair', 'base')) or 0
  return math.max(1, math.min(HIGHEST, 1 + math.floor(tag - base) + handicap))
end

-- The clock moves to the tag of what starts; with the last queued job it begins anew.
local function advance_clock(prefix, tag)
  if redis.call('HEXISTS', prefix .. 'depth', '*') == 0 then
    redis.call('DEL', prefix .. 'fair')
  elseif tag and tag > (tonumber(redis.call('HGET', prefix .. 'fair', 'clock')) or 0) then
    redis.call('HSET', prefix .. 'fair', 'clock', tag)
  end
end
