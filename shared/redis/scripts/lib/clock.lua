-- Milliseconds of Redis' own clock: the only one the record of a job is measured by, so that machines may disagree.
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- A number as decimal digits; Lua's own conversion rounds to 14 of them.
local function digits(number)
  return string.format('%.0f', number)
end
