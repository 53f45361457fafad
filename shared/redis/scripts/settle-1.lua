-- Ends an attempt of a run, by whoever holds its token; a stale token changes nothing.
--
-- KEYS[1] the run's hash
-- ARGV 1 key prefix, 2 run, 3 token, 4 outcome (succeeded, failed, handover, putback), 5 output or error (JSON) or '',
--      6 the attempt for the history or '', 7 with succeeded: cache ttl in ms or 0; with putback: 1 where the
--      attempt counts, or 0
-- `handover`: the attempts of the run's first job are spent; whoever joined it goes on with attempts of their own.
-- Answers {'stale'} or {'settled', id…} or {'handover', next run, priority, id…} or {'queued'} after putback;
--         the ids are of the jobs that ended and to whose clients a webhook is owed
-- @include clock record backlog open-run run live-jobs usage end-job settle-run
local ending = read_ending(2)
local gone = settle_runs(ARGV[1], { ending })
if #gone > 0 then redis.call('DEL', unpack(gone)) end
return ending.answer
