-- A job ends without the model's answer: the client cancels it, or its ttl ran out before it first started.
-- The run goes on for others who joined it; with the last of them it loses its token.
--
-- KEYS[1] the job's record
-- ARGV 1 key prefix, 2 job id, 3 canceled or expired
-- Answers {'missing'} or {'ended', status} or {'not due'}
--      or {'left', run, 1 where nobody waits for the run any more, the status it had}
-- @include clock backlog run end-job fair-share
local prefix, id, reason = ARGV[1], ARGV[2], ARGV[3]
local now = now_ms()
local job = redis.call('HMGET', KEYS[1], 'status', 'run', 'ckey', 'retention', 'started', 'deadline')
local status, run = job[1], job[2]
if not status then return { 'missing' } end
if status ~= 'queued' and status ~= 'running' then return { 'ended', status } end
if reason == 'expired' then
  local deadline = tonumber(job[6]) or 0
  if status ~= 'queued' or job[5] or deadline == 0 or deadline > now then return { 'not due' } end
end

end_job(prefix, id, reason, now)
redis.call('SREM', prefix .. 'joined:' .. run, id)
local empty = #live_jobs(prefix, run) == 0
if empty then
  local cache_key = redis.call('HGET', prefix .. 'job:' .. owner_of(run), 'ckey')
  close_run(prefix, run, cache_key, job[4])
  redis.call('PUBLISH', 'inferq:abandoned', run)
end
wake(prefix, run)
advance_clock(prefix, nil)
return { 'left', run, empty and 1 or 0, status }
