-- @include first-live
-- BullMQ's priorities end at 2,097,151, but the clock of a model that is never idle goes on. When it has used three
-- quarters of the range, its base follows: all priorities fall by the same `shift`. Each call moves a few runs only,
-- from the front to the back, so that Redis is never held up; `front` is the last priority that is moved whole, and
-- whoever comes meanwhile is put on the right side of it (`priority_of`), so the order is the same at every moment.
-- Delayed runs go first: they are in no order yet. What BullMQ is told too late with a priority from before is put
-- right by the sweeper's first look.
local STEP = 64

local function shift_delayed(prefix, cursor)
  local reply = redis.call('ZSCAN', prefix .. 'jobs:delayed', cursor, 'COUNT', STEP)
  for index = 1, #reply[2], 2 do
    local run = reply[2][index]
    local job = first_live(prefix, run)
    -- Worked out anew and not subtracted: a scan may show an entry twice.
    local priority = job and job.tag and priority_of(prefix, job.tag, job.handicap, true) or 1
    redis.call('HSET', prefix .. 'jobs:' .. run, 'priority', priority)
  end
  local fair = fair_state(prefix)
  write_base(prefix, fair.base, exact(fair.shift), reply[1] == '0' and 'done' or reply[1], '0', '0')
end

local function shift_one(prefix, run, score, shift)
  local priority = math.floor(score / COUNTERS)
  if priority == 1 then return end
  local moved = digits(score - shift * COUNTERS)
  -- What should have started before the new base keeps its order at the very front.
  if priority - shift < 2 then moved = bull_score(prefix, 1) end
  redis.call('ZADD', prefix .. 'jobs:prioritized', moved, run)
  redis.call('HSET', prefix .. 'jobs:' .. run, 'priority', math.max(1, priority - shift))
end

local function shift_waiting(prefix, base, shift, at)
  local found = redis.call('ZRANGEBYSCORE', prefix .. 'jobs:prioritized', '(' .. at, '+inf', 'WITHSCORES', 'LIMIT', 0, STEP + 1)
  for index = 1, math.min(#found, 2 * STEP), 2 do
    shift_one(prefix, found[index], tonumber(found[index + 1]), shift)
  end
  local following = tonumber(found[2 * STEP + 2])
  if following then
    local front = math.floor(following / COUNTERS) - 1
    write_base(prefix, base, exact(shift), 'done', digits(found[2 * STEP]), digits(front))
  else
    write_base(prefix, base + shift)
  end
end

local function rebase(prefix)
  local fair = fair_state(prefix)
  if fair.scan == 'done' then
    shift_waiting(prefix, fair.base, fair.shift, fair.at)
  elseif fair.shift then
    shift_delayed(prefix, fair.scan)
  elseif is_rebasing(prefix) then
    local shift = math.floor(fair.clock - fair.base) - 1
    write_base(prefix, fair.base, exact(shift), '0', '0', '0')
  end
end
