-- A worker takes the next run of a model from BullMQ, and starts it in the same step.
--
-- KEYS[1] BullMQ's hash of the queue
-- ARGV 1 key prefix, 2 the token that BullMQ's lock gets, 3 ms that it holds, 4 the worker's name, 5 ms of its clock,
--      6 `starts` where the run is started at once, `claims` where not
-- Answers {run, 1 where BullMQ has none behind it, 0, what `start` answers…}, without the last where nothing was started
--      or {'', ms until the rate allows one, when the next delayed one is due (ms) or 0}
-- @include clock record backlog open-run run live-jobs usage end-job take-runs
local taker = { lock = ARGV[2], takes = ARGV[6], next = false, is_last = false }
local none = take_runs(ARGV[1], { taker }, ARGV[3], ARGV[4], tonumber(ARGV[5]))
return none or { taker.next, taker.is_last and 1 or 0, 0, unpack(taker.start or {}) }
