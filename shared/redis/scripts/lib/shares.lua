-- Forgets the fair shares of a model that are used up by the clock, and so as good as new; without a clock all of them,
-- and the other fields of its state that are given.
local function forget_shares(prefix, clock, ...)
  local state, gone = redis.call('HGETALL', prefix .. 'state'), { ... }
  for index = 1, #state, 2 do
    local is_share = string.sub(state[index], 1, 2) == 's:'
    if is_share and (not clock or tonumber(state[index + 1]) <= clock) then gone[#gone + 1] = state[index] end
  end
  for from = 1, #gone, 1000 do
    redis.call('HDEL', prefix .. 'state', unpack(gone, from, math.min(#gone, from + 999)))
  end
end

-- While a model has no run, only its starts are remembered, and not for long: the clock begins anew.
local STATE_REST = 300000

local function rest_state(prefix)
  forget_shares(prefix, nil, 'clock', 'base')
  redis.call('PEXPIRE', prefix .. 'state', STATE_REST)
end
