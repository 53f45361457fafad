-- After so long without a start, in ms, the workers were away or had nothing to do: what they did before says little.
local LONGEST_GAP = 10000

-- How long a run has waited that starts for the first time, in ms; another attempt waits for its time alone.
local function waited(first, now)
  if first.started then return 0 end
  local queued, due = unpack(first.more)
  return math.max(0, now - math.max(tonumber(queued or first.created), tonumber(due) or 0))
end

-- Counts starts and the time in which runs waited for them, takes the first jobs of the runs out of the backlog, and moves
-- the clock of the fair shares to the furthest of their tags. Tenants whose share is used up by then are as good as new:
-- now and then they are forgotten.
local function note_starts(prefix, started, now)
  local key, furthest, total, may_forget, longest = prefix .. 'state', 0, 0, false, 0
  local own = 't:' .. started[1].tenant
  local fields, queued = { 'clock', 'rate', 'rated', 'busy', '*', own }, { ['*'] = 0, [own] = 0 }
  for _, first in ipairs(started) do
    longest = math.max(longest, waited(first, now))
    if first.tag and first.tag > furthest then furthest = first.tag end
    -- The last characters of an id are random.
    if string.byte(first.id, -1) % 8 == 0 and string.byte(first.id, -2) % 8 == 0 then may_forget = true end
    if first.status == 'queued' then
      own, total = 't:' .. first.tenant, total + 1
      if not queued[own] then fields[#fields + 1], queued[own] = own, 0 end
      queued[own] = queued[own] + 1
    end
  end
  local state = redis.call('HMGET', key, unpack(fields))

  -- The clock may have been set back.
  local gap = math.max(0, now - (state[3] or now))
  local kept = gap > LONGEST_GAP and 0 or math.exp(-gap / RATE_WINDOW)
  local rate = (tonumber(state[2]) or 0) * kept + #started
  local busy = (tonumber(state[4]) or 0) * kept + (kept > 0 and math.min(gap, longest) or 0)
  local advances = furthest > (tonumber(state[1]) or 0)
  -- With room for all of them: a table that grows costs more.
  local written = { 'rate', tostring(rate), 'rated', digits(now), 'busy', tostring(busy), nil, nil, nil, nil }
  local gone
  if advances then written[#written + 1], written[#written + 2] = 'clock', exact(furthest) end
  local of_model = (tonumber(state[5]) or 0) - total
  queued['*'] = total
  for at = 5, total > 0 and #fields or 0 do
    local left = (tonumber(state[at]) or 0) - queued[fields[at]]
    if left > 0 and of_model > 0 then
      written[#written + 1], written[#written + 2] = fields[at], digits(left)
    else
      gone = gone or {}
      gone[#gone + 1] = fields[at]
    end
  end
  redis.call('HSET', key, unpack(written))
  if gone then redis.call('HDEL', key, unpack(gone)) end
  if advances and may_forget then
    -- @include shares
    forget_shares(prefix, furthest)
  end
end
