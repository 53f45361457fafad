-- A worker takes a run. Jobs whose ttl ran out before they first started end here; nobody left: nothing to do. Nor is
-- there where a delayed job's time has not come: BullMQ goes by the clock of its worker, which may be ahead.
--
-- KEYS[1] the run's hash
-- ARGV 1 key prefix, 2 run, 3 the worker's name, 4 1 where that has nothing else in hand
-- Answers {'ended'}
--      or {'alone'} where it may have killed workers, and nothing was done because the worker has others in hand
--      or {'run', token, now, job id, spec, input, tenant, attempts before,
--          attempts of the run spent, ms since it was queued, and of an attempt that was never settled, because its
--          worker died, when it started and at which worker; or '', ''; then 1 where it is not to be called any more
--          because its workers died too often, which is no attempt; and behind it the jobs that first start now and
--          whose clients are to be told}
-- @include clock record backlog rate-window open-run run live-jobs usage end-job overdue start-run
local taker = { next = ARGV[2] }
start_runs(ARGV[1], { taker }, ARGV[3], ARGV[4] == '1')
return taker.start
