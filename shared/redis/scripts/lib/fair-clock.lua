-- Writes where the base of the fair shares is (fair-share.lua), and how far its move is.
local function write_base(prefix, base, ...)
  local move = { ... }
  redis.call('HSET', prefix .. 'state', 'base', #move > 0 and exact(base) .. ' ' .. table.concat(move, ' ') or exact(base))
  fair_read = nil
end
