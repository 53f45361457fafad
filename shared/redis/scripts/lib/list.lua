-- The newest jobs of a tenant. Expiries that are moved at every job are moved by so much more, and so but now and then.
local SLACK = 3600000

-- One job in eight looks at so many of those that may be forgotten by now: more go than come.
local LOOKED_AT = 16

-- A record lives so long at least, be it that its job was delayed or waited: then it is looked at in vain.
local function forget_some(prefix, list, most, now, life)
  local oldest = digits(now - life)
  local old = redis.call('ZCOUNT', list, '-inf', oldest)
  if old == 0 then return end
  -- By rank: an offset among scores would be walked to.
  local from = old > most and now % (old - most + 1) or 0
  for _, id in ipairs(redis.call('ZRANGE', list, digits(from), digits(from + math.min(most, old) - 1))) do
    if redis.call('EXISTS', prefix .. 'job:' .. id) == 0 then redis.call('ZREM', list, id) end
  end
end

-- `jobs`: when each was created, and its id behind that.
local function list_jobs(prefix, tenant, jobs, now, retention)
  local list, most = prefix .. 'list:' .. tenant, 0
  for index = 2, #jobs, 2 do
    -- The last character of an id is random.
    if string.byte(jobs[index], -1) % 8 == 0 then most = most + LOOKED_AT end
  end
  if most > 0 then forget_some(prefix, list, most, now, retention + RECORD_LIFE) end
  redis.call('ZADD', list, unpack(jobs))
  keep_at_least(list, retention + RECORD_LIFE + LONGEST_WAIT, SLACK)
end
