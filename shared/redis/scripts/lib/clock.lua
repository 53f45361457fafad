-- Milliseconds of Redis' own clock: the only one the record of a job is measured by, so that machines may disagree.
-- It stands still while a script runs.
local time_read
local function now_ms()
  if not time_read then
    local time = redis.call('TIME')
    time_read = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return time_read
end

-- A whole number as decimal digits; Lua's own conversion rounds to 14 of them.
local function digits(number)
  return string.format('%d', number)
end

-- Any number, so that it reads back as the same.
local function exact(number)
  return string.format('%.17g', number)
end

-- Lets a key live for at least so long; with `slack` it gets so much more where it is short.
local function keep_at_least(key, milliseconds, slack)
  if redis.call('PTTL', key) < tonumber(milliseconds) then
    redis.call('PEXPIRE', key, digits(milliseconds + (slack or 0)))
  end
end
