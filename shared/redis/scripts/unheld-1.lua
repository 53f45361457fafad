-- Finds blobs to which no run refers any more, among those whose time to be looked at has come. A run refers to its
-- blobs as long as its data live, which whoever is answered from the cache prolongs.
--
-- KEYS[1] the index of blobs
-- ARGV 1 key prefix, 2 how many to look at
-- Answers the keys of those that can be removed; they come again after 15 s unless they leave the index
-- @include clock
local prefix = ARGV[1]
local now = now_ms()

-- When the last of its runs lets go of it: nil where none holds it, '+inf' where that is not known yet.
local function held_until(blob)
  local latest
  for _, run in ipairs(redis.call('SMEMBERS', prefix .. 'blob:' .. blob)) do
    local left = redis.call('PTTL', prefix .. 'data:' .. run)
    if left == -1 then return '+inf' end
    if left >= 0 then latest = math.max(latest or 0, now + left + 1) end
  end
  return latest and digits(latest)
end

local answer = {}
for _, blob in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', digits(now), 'LIMIT', 0, ARGV[2])) do
  local till = held_until(blob)
  if not till then answer[#answer + 1] = blob end
  redis.call('ZADD', KEYS[1], till or digits(now + 15000), blob)
end
return answer
