-- How `admit` answers a job from the cache, inside of it.
local life = digits(retention + RECORD_LIFE)

-- The cache names the run whose data have the output, and until when they live: it is stored once. What one job has
-- read of it is remembered for those that ask for the same.
local cached_runs = {}
local function read_cached(text)
  if not cached_runs[text] then
    local run, till = string.match(text, '^(%S+) (%d+)$')
    cached_runs[text] = { run = run, data = prefix .. 'data:' .. run, is_short = tonumber(till) < now + retention }
  end
  return cached_runs[text]
end

local function read_output(cached)
  if cached.output then return cached.output end
  if bytes_read >= MOST_OUTPUT then return 'again' end
  cached.output = redis.call('HGET', cached.data, 'output')
  bytes_read = bytes_read + #(cached.output or '')
  return cached.output
end

local function hit(job, text)
  if is_known(job) then return { 'exists' } end
  local cached = read_cached(text)
  local output = read_output(cached)
  if not output then return nil end
  if output == 'again' then return { 'again' } end
  if cached.is_short then keep_at_least(cached.data, retention) end
  write_record(job, 'hit', cached.run)
  if ARGV[9] == '0' then
    -- Nobody else is to be told or paid: the record is written as it ends.
    redis.call('PEXPIRE', job.key, life)
    hits = hits + 1
  else
    -- @include usage end-by-hit
    end_hit(prefix, tenant, job, cached.run, ARGV[11], ARGV[12], now)
  end
  return { 'hit', created, cached.run, output }
end
