-- What jobs did and cost, by tenant and UTC day. A hash holds 32 days, so that reading a year takes a dozen.
local DAY = 86400000
local USAGE_LIFE = 400 * DAY

local function usage_field(prefix, tenant, now, what)
  local day = math.floor(now / DAY)
  return prefix .. 'usage:' .. tenant .. ':' .. math.floor(day / 32), day .. ':' .. what
end

-- By tenant, what is yet to be written; nil where each count is written at once (settle-many.lua).
local kept_counts

local function count_usage(prefix, tenant, now, what, times)
  times = times or 1
  if kept_counts then
    local counts = kept_counts[tenant] or {}
    kept_counts[tenant], counts[what] = counts, (counts[what] or 0) + times
    return
  end
  local key, field = usage_field(prefix, tenant, now, what)
  -- The first of its kind and day moves the expiry.
  if redis.call('HINCRBY', key, field, times) == times then redis.call('PEXPIRE', key, digits(USAGE_LIFE)) end
end

-- A job that ended, or so many of them; `status+hit` and `status+coalesced` count for both.
local function count_end(prefix, tenant, now, status, cache, times)
  local shared = cache == 'hit' or cache == 'coalesced'
  count_usage(prefix, tenant, now, shared and status .. '+' .. cache or status, times)
end

local function add_cost(prefix, tenant, now, cost)
  local key, field = usage_field(prefix, tenant, now, 'cost')
  if tonumber(redis.call('HINCRBYFLOAT', key, field, cost)) == tonumber(cost) then
    redis.call('PEXPIRE', key, digits(USAGE_LIFE))
  end
end

-- To be called once for each end of a job, with what `end_job` answered. Who `pays` owes the price of the model's call; everybody else is given back
-- what was reserved in the account of the budget. The account lies in another slot: a note says what is to be settled.
local function charge(prefix, id, tenant, price, pays, now)
  if not price.cost then return end
  local amount = pays and price.cost or '0'
  if tonumber(amount) > 0 then add_cost(prefix, tenant, now, amount) end
  if not price.account then return end
  local note = table.concat({ id .. '~' .. (price.retries or 0), tenant, price.account, amount }, ' ')
  redis.call('ZADD', prefix .. 'charges', digits(now), note)
end
