-- Forgets fair shares that are used up by the clock, and so as good as new, among some hundred fields of the state: the
-- next time goes on behind them.
local LOOKED_THROUGH = 256

local function forget_shares(prefix, clock)
  local key, gone = prefix .. 'state', {}
  local found = redis.call('HSCAN', key, redis.call('HGET', key, 'scan') or '0', 'COUNT', LOOKED_THROUGH)
  for index = 1, #found[2], 2 do
    local field = found[2][index]
    if string.sub(field, 1, 2) == 's:' and tonumber(found[2][index + 1]) <= clock then gone[#gone + 1] = field end
  end
  if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
  if found[1] == '0' then redis.call('HDEL', key, 'scan') else redis.call('HSET', key, 'scan', found[1]) end
end

-- While a model has no run, only its starts are remembered, and not for long: the clock of its fair shares begins anew.
local STATE_REST = 300000

local function rest_state(prefix)
  local key = prefix .. 'state'
  local starts = redis.call('HMGET', key, 'rate', 'rated', 'busy')
  redis.call('UNLINK', key)
  if not starts[3] then return end
  redis.call('HSET', key, 'rate', starts[1], 'rated', starts[2], 'busy', starts[3])
  redis.call('PEXPIRE', key, STATE_REST)
end
