-- A worker takes the next run of a model from BullMQ, and starts it in the same step.
--
-- KEYS[1] BullMQ's hash of the queue
-- ARGV 1 key prefix, 2 the token that BullMQ's lock gets, 3 ms that it holds, 4 the worker's name, 5 ms of its clock,
--      6 1 where the run is started at once
-- Answers {run or '', ms until the rate allows one, when the next delayed one is due (ms) or 0, what `start` answers};
--         without the last where nothing was started
-- @include clock record backlog rate-window open-run run usage end-job overdue start-run bull-claim
return claim_and_start(ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6] == '1')
