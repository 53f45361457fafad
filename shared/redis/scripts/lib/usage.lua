-- What jobs did and cost, by tenant and UTC day. A hash holds 32 days, so that reading a year takes a dozen.
local DAY = 86400000
local USAGE_LIFE = 400 * DAY

local function add_usage(prefix, tenant, now, what, amount)
  local day = math.floor(now / DAY)
  local key = prefix .. 'usage:' .. tenant .. ':' .. math.floor(day / 32)
  -- The first of its kind and day moves the expiry.
  if tonumber(redis.call('HINCRBYFLOAT', key, day .. ':' .. what, amount)) == tonumber(amount) then
    redis.call('PEXPIRE', key, digits(USAGE_LIFE))
  end
end

-- To be called once for each end of a job. Who `pays` owes the price of the model's call; everybody else is given back
-- what was reserved in the account of the budget. The account lies in another slot: a note says what is to be settled.
local function charge(prefix, id, pays, now)
  local job = redis.call('HMGET', prefix .. 'job:' .. id, 'cost', 'account', 'tenant', 'retries')
  if not job[1] then return end
  local amount = pays and job[1] or '0'
  if tonumber(amount) > 0 then add_usage(prefix, job[3], now, 'cost', amount) end
  if not job[2] then return end
  local note = table.concat({ id .. '~' .. (job[4] or 0), job[3], job[2], amount }, ' ')
  redis.call('ZADD', prefix .. 'charges', digits(now), note)
end
