-- Sets a price aside in the account of a tenant's budget, once for each reservation.
--
-- KEYS[1] the account: spent, reserved, and `r:<reservation>` with the price of each; `:open` has them by age
-- ARGV 1 reservation, 2 price, 3 budget, 4 how long the account is kept in ms, 0 for ever
-- Answers {'held'} where it was set aside before
--      or {'reserved', spent, reserved}
--      or {'spent', spent, reserved} where the budget does not have it any more
-- @include clock
local field = 'r:' .. ARGV[1]
if redis.call('HEXISTS', KEYS[1], field) == 1 then return { 'held' } end
local account = redis.call('HMGET', KEYS[1], 'spent', 'reserved')
local spent, reserved = tonumber(account[1]) or 0, tonumber(account[2]) or 0
-- Sums of decimals are off by less than this.
local ROUNDING = 1e-9
if spent + reserved + ARGV[2] > ARGV[3] + ROUNDING then return { 'spent', exact(spent), exact(reserved) } end

redis.call('HSET', KEYS[1], field, ARGV[2])
redis.call('HINCRBYFLOAT', KEYS[1], 'reserved', ARGV[2])
redis.call('ZADD', KEYS[1] .. ':open', digits(now_ms()), ARGV[1])
for _, key in ipairs({ KEYS[1], KEYS[1] .. ':open' }) do
  if ARGV[4] ~= '0' then redis.call('PEXPIRE', key, ARGV[4]) end
end
return { 'reserved', exact(spent), exact(reserved + ARGV[2]) }
