-- Queues a job again that failed, was canceled or expired: the same id, a run of its own, a fresh count of attempts.
--
-- KEYS[1] the job's record
-- ARGV 1 key prefix, 2 job id, 3 priority band, 4 share, 5 most queued of the model, 6 most queued of the tenant,
--      7 ttl in ms or 0, 8 price or '', 9 account of the budget that holds it or ''
-- Answers {'missing'} or {'refused', status} or {'removed'} or {'full', 'model' or 'tenant', depth, starts a second}
--      or {'queued', priority, position (1 is next), starts a second or 0 where nobody knows, fields and values of the record}
-- @include clock record backlog start-rate open-run blobs run fair-share fair-clock bull rebase
local prefix, id = ARGV[1], ARGV[2]
local now = now_ms()
local job = redis.call('HMGET', KEYS[1], 'status', 'run', 'facts', 'retries', 'rev', 'hit')
local status, old_run, revision = job[1] or job[6] and 'succeeded', job[2] or id, tonumber(job[5]) or 1

-- Whoever cannot run again is not looked at by the next `redrive`.
local function refuse(answer)
  redis.call('ZREM', prefix .. 'failed', id)
  return answer
end

if not status then return refuse({ 'missing' }) end
if status ~= 'failed' and status ~= 'canceled' and status ~= 'expired' then return refuse({ 'refused', status }) end
local created, _, handicap, hook, tenant = read_facts(job[3])
local input = redis.call('HGET', prefix .. 'data:' .. old_run, 'input')
if not input then return refuse({ 'removed' }) end
local of_model, of_tenant = depth_of(prefix, tenant)
local full = refusal_when_full(of_model, of_tenant, ARGV[5], ARGV[6], (read_start_rate(prefix, now)))
if full then return full end

rebase(prefix)
local retries = (tonumber(job[4]) or 0) + 1
local run = id .. '~' .. retries
local state, own_share = prefix .. 'state', 's:' .. ARGV[3] .. ':' .. tenant
local tag = math.max(fair_state(prefix).clock, tonumber(redis.call('HGET', state, own_share)) or 0)
-- The webhook of the end before may still be owed, or asked for again: it tells what happened then.
if string.find(hook, status, 1, true) then
  local past = { run = old_run, created = created }
  for _, name in ipairs({ 'cache', 'queued', 'started', 'ended', 'attempts', 'error' }) do
    past[name] = redis.call('HGET', KEYS[1], name) or nil
  end
  redis.call('HSET', KEYS[1], 'end:' .. revision, cjson.encode(past))
end
-- The cache key stays: an earlier run may still go on for others, under this very record.
redis.call('HDEL', KEYS[1], 'ended', 'error', 'started', 'begun', 'deadline', 'due', 'cost', 'account')
redis.call('HSET', KEYS[1], 'status', 'queued', 'run', run, 'retries', retries, 'tag', exact(tag),
  'rev', revision + 1, 'queued', digits(now), 'cache', 'bypass')
if ARGV[8] ~= '' then redis.call('HSET', KEYS[1], 'cost', ARGV[8]) end
if ARGV[9] ~= '' then redis.call('HSET', KEYS[1], 'account', ARGV[9]) end
redis.call('PERSIST', KEYS[1])
-- The data go along where nobody else has a part in them: a client that cancels and retries must not fill Redis.
local old_data = prefix .. 'data:' .. old_run
if redis.call('ZSCORE', prefix .. 'runs', old_run) or redis.call('HEXISTS', old_data, 'shared') == 1 then
  redis.call('HSET', prefix .. 'data:' .. run, 'input', input)
else
  redis.call('RENAME', old_data, prefix .. 'data:' .. run)
  redis.call('PERSIST', prefix .. 'data:' .. run)
end
hold_blobs(prefix, run, '+inf')
write_backlog(prefix, tenant, of_model + 1, of_tenant + 1, own_share, exact(tag + ARGV[4]), 'clock', exact(fair_state(prefix).clock))
redis.call('PERSIST', state)
look_at(prefix, run, now + 5000)
local ttl = tonumber(ARGV[7])
if ttl > 0 then
  redis.call('HSET', KEYS[1], 'deadline', digits(now + ttl))
  redis.call('ZADD', prefix .. 'due', digits(now + ttl), id)
end
redis.call('ZREM', prefix .. 'failed', id)
wake(prefix, old_run)
-- The record for the client that asked: another one may change the job before it is read.
local priority = priority_of(prefix, tag, tonumber(handicap))
return { 'queued', priority, count_ahead(prefix, priority) + 1, told_rate(prefix, now), redis.call('HGETALL', KEYS[1]) }
