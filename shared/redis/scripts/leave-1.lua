-- A job ends without the model's answer: the client cancels it, or its ttl ran out before it first started.
--
-- KEYS[1] the job's record
-- ARGV 1 key prefix, 2 job id, 3 canceled or expired
-- Answers {'missing'} or {'ended', status} or {'not due'}
--      or {'left', run, 1 where nobody waits for the run any more, the status it had}
-- @include clock record backlog run usage end-job overdue leave-run
local prefix, id, reason = ARGV[1], ARGV[2], ARGV[3]
local now = now_ms()
local status, run, is_hit = unpack(redis.call('HMGET', KEYS[1], 'status', 'run', 'hit'))
if not status and is_hit then status = 'succeeded' end
if not status then return { 'missing' } end
run = run or id
if status ~= 'queued' and status ~= 'running' then return { 'ended', status } end
if reason == 'expired' and not is_overdue(live_job(prefix, run, id), now) then return { 'not due' } end
local _, abandoned = leave_run(prefix, run, id, reason, now)
return { 'left', run, abandoned and 1 or 0, status }
