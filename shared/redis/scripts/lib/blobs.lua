-- A large text lies in a blob store, and `@blob <key> <bytes>` stands in its place. Notes that the run refers to its
-- blobs, and when to look whether anybody still does: not before the run is closed.
local LONGEST_REFERENCE = 300

local function hold_blobs(prefix, run, when)
  local key = prefix .. 'data:' .. run
  for _, field in ipairs({ 'input', 'output' }) do
    local short = redis.call('HSTRLEN', key, field) <= LONGEST_REFERENCE
    local blob = short and string.match(redis.call('HGET', key, field) or '', '^@blob (%S+)')
    if blob then
      redis.call('SADD', prefix .. 'blob:' .. blob, run)
      redis.call('ZADD', prefix .. 'blobs', when, blob)
    end
  end
end
