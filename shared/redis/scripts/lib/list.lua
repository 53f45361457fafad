-- The newest jobs of a tenant. Expiries that are moved at every job are moved by so much more, and so but now and then.
local SLACK = 3600000

-- One job in eight looks at so many of the list at random, so that no more than about half of it is forgotten.
local LOOKED_AT = 16

local function forget_some(prefix, list, looked_at)
  local others, records = redis.call('ZRANDMEMBER', list, -looked_at), {}
  for index, other in ipairs(others) do records[index] = prefix .. 'job:' .. other end
  if #others == 0 or redis.call('EXISTS', unpack(records)) == #others then return end
  for index, other in ipairs(others) do
    if redis.call('EXISTS', records[index]) == 0 then redis.call('ZREM', list, other) end
  end
end

-- `jobs`: when each was created, and its id behind that.
local function list_jobs(prefix, tenant, jobs, retention)
  local list, looked_at = prefix .. 'list:' .. tenant, 0
  for index = 2, #jobs, 2 do
    -- The last character of an id is random.
    if string.byte(jobs[index], -1) % 8 == 0 then looked_at = looked_at + LOOKED_AT end
  end
  if looked_at > 0 then forget_some(prefix, list, looked_at) end
  redis.call('ZADD', list, unpack(jobs))
  keep_at_least(list, retention + RECORD_LIFE + LONGEST_WAIT, SLACK)
end
