-- What `admit` does with the jobs that are left when the cache has answered, inside of it.
-- @include start-rate fair-share bull
local handicap = tonumber(ARGV[6])
local state, own_backlog, own_share = prefix .. 'state', 't:' .. tenant, 's:' .. ARGV[5] .. ':' .. tenant
local seen = redis.call('HMGET', state, '*', own_backlog, 'clock', 'base', own_share, 'rate', 'rated', 'busy')
local of_model, of_tenant = tonumber(seen[1]) or 0, tonumber(seen[2]) or 0
local tag = math.max(read_fair(seen[3], seen[4]).clock, tonumber(seen[5]) or 0)
local rate, sure = start_rate(seen[6], seen[7], seen[8], now)
local at_once = ARGV[14] == '1' and delay == 0
-- What is written of them all together, in the forms that commands have.
local waiting, due, flights, open, queued = 0, {}, { nil, nil }, { nil, nil }, { nil }
-- Whether the tenant's fair share was used up further.
local has_paid = false

local function wait_to_start(job)
  of_model, of_tenant, waiting = of_model + 1, of_tenant + 1, waiting + 1
  if ttl > 0 then due[#due + 1], due[#due + 2] = digits(now + ttl), job.id end
end

-- BullMQ gets what is queued so far.
local function hand_over_queued()
  if #queued > 0 then hand_to_bull(prefix, queued, created) end
  queued = {}
end

local join
local function joining()
  -- @include admit-joined
  return join_run
end

local function queue(job)
  if written[job.id] then return { 'exists' } end
  local full = refusal_when_full(of_model, of_tenant, ARGV[7], most_of_tenant, rate)
  local run = flying[job.cache_key]
  if run then
    join = join or joining()
    local joined = join(job, run, full)
    if joined then return joined end
  end
  if full then return full end
  local priority = priority_of(prefix, tag, handicap, delay > 0)
  local ahead = count_ahead(prefix, priority) + #queued
  if ttl > 0 and sure and delay == 0 and ahead / rate * 1000 > 2 * ttl then
    return { 'late', ahead + 1, tostring(rate) }
  end

  local more = mode ~= '' and mode ~= 'bypass' and {} or { 'cache', 'bypass' }
  if delay > 0 then more[#more + 1], more[#more + 2] = 'due', digits(now + delay) end
  write_record(job, 'status', 'queued', 'tag', exact(tag), unpack(more))
  if ARGV[10] ~= '' then redis.call('SADD', prefix .. 'waiting:' .. job.id, ARGV[10]) end
  redis.call('HSET', prefix .. 'data:' .. job.id, 'input', job.input)
  if string.byte(job.input) == 64 then
    -- @include blobs
    hold_blobs(prefix, job.id, '+inf')
  end
  wait_to_start(job)
  tag, has_paid = tag + share, true
  if #more == 0 then
    -- Who asks for a fresh answer joins nobody.
    if uses_cache then flying[job.cache_key] = job.id end
    flights[#flights + 1], flights[#flights + 2] = prefix .. 'flight:' .. job.cache_key, job.id
  end
  -- Looked at soon where BullMQ does not have it yet: the API may die before it has told it.
  open[#open + 1], open[#open + 2] = digits(now + (at_once and 60000 or 5000)), job.id
  if at_once then queued[#queued + 1] = { job.id, priority } end
  return { 'queued', created, priority, ahead + 1, sure and tostring(rate) or '0', at_once and 1 or 0 }
end

if is_rebasing(prefix) then
  -- @include run fair-clock rebase
  for _ = 1, #left do rebase(prefix) end
end
for _, job in ipairs(left) do take(job, queue) end

if waiting > 0 then
  local shares = has_paid and { own_share, exact(tag) } or {}
  if has_paid and not seen[3] then
    -- The state was at rest.
    shares[3], shares[4] = 'clock', '0'
    redis.call('PERSIST', state)
  end
  redis.call('HSET', state, '*', of_model, own_backlog, of_tenant, unpack(shares))
end
if #due > 0 then redis.call('ZADD', prefix .. 'due', unpack(due)) end
if #flights > 0 then redis.call('MSET', unpack(flights)) end
if #open > 0 then redis.call('ZADD', prefix .. 'runs', unpack(open)) end
hand_over_queued()
