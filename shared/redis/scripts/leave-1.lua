-- A job ends without the model's answer: the client cancels it, or its ttl ran out before it first started.
--
-- KEYS[1] the job's record
-- ARGV 1 key prefix, 2 job id, 3 canceled or expired
-- Answers {'missing'} or {'not due'} or {'ended', job}
--      or {'left', 1 where nobody waits for the run any more, the status it had, job}
-- where the job is the fields and values of its record, and then 1 where its data are gone (see job-reader.ts)
-- @include clock record backlog run usage end-job overdue leave-run
local prefix, id, reason = ARGV[1], ARGV[2], ARGV[3]
local now = now_ms()

-- For the client that asked: another one may change the job before it is read.
local function job_now(data)
  local gone = redis.call('EXISTS', prefix .. 'data:' .. data) == 0 or redis.call('PTTL', KEYS[1]) < RECORD_LIFE
  return redis.call('HGETALL', KEYS[1]), gone and 1 or 0
end

local status, run, is_hit = unpack(redis.call('HMGET', KEYS[1], 'status', 'run', 'hit'))
if not status and is_hit then status = 'succeeded' end
if not status then return { 'missing' } end
run = run or id
if status ~= 'queued' and status ~= 'running' then return { 'ended', job_now(is_hit or run) } end
if reason == 'expired' and not is_overdue(live_job(prefix, run, id), now) then return { 'not due' } end
local _, abandoned = leave_run(prefix, run, id, reason, now)
return { 'left', abandoned and 1 or 0, status, job_now(run) }
