-- Ends the jobs of a model whose ttl ran out before they first started.
--
-- KEYS[1] the index of the jobs that have a ttl
-- ARGV 1 key prefix, 2 how many at most
-- Answers three values for each job that ended: its id, 1 where a webhook is owed, and its run where nobody waits for
--         that any more, else ''; and before them how many entries were looked at
-- @include clock record backlog run usage end-job overdue leave-run
local prefix = ARGV[1]
local now = now_ms()
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', digits(now), 'LIMIT', 0, ARGV[2])
local answer = { #due }
for _, id in ipairs(due) do
  local run = redis.call('HGET', prefix .. 'job:' .. id, 'run') or id
  if is_overdue(live_job(prefix, run, id), now) then
    local owed, abandoned = leave_run(prefix, run, id, 'expired', now)
    for _, value in ipairs({ id, owed and 1 or 0, abandoned and run or '' }) do answer[#answer + 1] = value end
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
return answer
