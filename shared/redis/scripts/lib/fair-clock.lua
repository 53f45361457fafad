-- Who writes the state of the fair shares (fair-share.lua).
local function write_fair(prefix, ...)
  redis.call('HSET', prefix .. 'fair', ...)
  fair_read = nil
end

-- The clock moves to the tag of what starts. Whoever's share is used up by then is as good as new.
local function advance_clock(prefix, tag)
  if not tag or tag <= fair_state(prefix).clock then return end
  write_fair(prefix, 'clock', exact(tag))
  redis.call('ZREMRANGEBYSCORE', prefix .. 'shares', '-inf', exact(tag))
end
