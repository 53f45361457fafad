-- Queues a job again that failed, was canceled or expired: the same id, a run of its own, a fresh count of attempts.
--
-- KEYS[1] the job's record
-- ARGV 1 key prefix, 2 job id, 3 priority band, 4 its handicap, 5 share, 6 most queued of the model,
--      7 most queued of the tenant, 8 ttl in ms or 0
-- Answers {'missing'} or {'refused', status} or {'removed'} or {'full', 'model' or 'tenant', depth, starts a second}
--      or {'queued', run, priority}
-- @include clock backlog run fair-share
local prefix, id = ARGV[1], ARGV[2]
local now = now_ms()
local job = redis.call('HMGET', KEYS[1], 'status', 'run', 'tenant', 'retries')
local status, old_run, tenant = job[1], job[2], job[3]
if not status then return { 'missing' } end
if status ~= 'failed' and status ~= 'canceled' and status ~= 'expired' then return { 'refused', status } end
if redis.call('HEXISTS', prefix .. 'data:' .. old_run, 'input') == 0 then return { 'removed' } end

local depth = redis.call('HMGET', prefix .. 'depth', '*', 't:' .. tenant)
if (tonumber(depth[2]) or 0) >= tonumber(ARGV[7]) then return { 'full', 'tenant', depth[2], tostring(start_rate(prefix, now)) } end
if (tonumber(depth[1]) or 0) >= tonumber(ARGV[6]) then return { 'full', 'model', depth[1], tostring(start_rate(prefix, now)) } end

local retries = (tonumber(job[4]) or 0) + 1
local run = id .. '~' .. retries
local tag = next_tag(prefix, ARGV[3], tenant, tonumber(ARGV[5]))
local priority = priority_of(prefix, tag, tonumber(ARGV[4]))
local ttl = tonumber(ARGV[8])
redis.call('HDEL', KEYS[1], 'ended', 'error', 'started', 'deadline', 'due', 'ckey')
redis.call('HSET', KEYS[1], 'status', 'queued', 'run', run, 'retries', retries, 'tag', tostring(tag),
  'priority', priority, 'queued', digits(now), 'cache', 'bypass')
if ttl > 0 then redis.call('HSET', KEYS[1], 'deadline', digits(now + ttl)) end
redis.call('HINCRBY', KEYS[1], 'rev', 1)
redis.call('PERSIST', KEYS[1])
redis.call('HSET', prefix .. 'data:' .. run, 'input', redis.call('HGET', prefix .. 'data:' .. old_run, 'input'))
add_to_backlog(prefix, tenant, 1)
redis.call('ZADD', prefix .. 'due', digits(ttl > 0 and math.min(now + ttl, now + 5000) or now + 5000), id)
wake(prefix, old_run)
return { 'queued', run, priority }
