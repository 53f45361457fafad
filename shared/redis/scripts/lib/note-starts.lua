-- Counts starts, takes the first jobs of the runs out of the backlog, and moves the clock of the fair shares to the
-- furthest of their tags. Whoever's share is used up by then is as good as new: now and then those are forgotten.
local function note_starts(prefix, started, now)
  local key, furthest, total, may_forget = prefix .. 'state', 0, 0, false
  local own = 't:' .. started[1].tenant
  local fields, queued = { 'clock', 'rate', 'rated', 'since', '*', own }, { ['*'] = 0, [own] = 0 }
  for _, first in ipairs(started) do
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

  local sum = (tonumber(state[2]) or 0) * math.exp(-(now - (state[3] or now)) / RATE_WINDOW)
  local advances = furthest > (tonumber(state[1]) or 0)
  -- With room for all of them: a table that grows costs more.
  local written = { 'rate', tostring(sum + #started), 'rated', digits(now), nil, nil, nil, nil, nil, nil }
  local gone
  if sum < 0.01 or not state[4] then written[5], written[6] = 'since', digits(now) end
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
