-- Ends an attempt as `settle` does. Where that is the end of the run for its worker, BullMQ forgets it in the same step,
-- and the worker takes the next one.
--
-- KEYS[1] the run's hash
-- ARGV 1 to 9 as for `settle`, 10 the token of BullMQ's lock, 11 1 where the next one is taken, and 12 to 15 as 3 to 6
--      of `claim`
-- Answers {what `settle` answers, 1 where BullMQ has forgotten the run, what `claim` answers}; without the last where
--         none was taken: more is to be done for this one
-- @include clock record backlog rate-window open-run run usage end-job overdue start-run settle-run bull-claim
local settled = settle_run(KEYS[1], ARGV)
if settled[1] == 'queued' or not release_run(ARGV[1], ARGV[2], ARGV[10]) then return { settled, 0 } end
if #settled > 1 or ARGV[11] ~= '1' then return { settled, 1 } end
local ok, claimed = pcall(claim_and_start, ARGV[1], ARGV[10], ARGV[12], ARGV[13], tonumber(ARGV[14]), ARGV[15] == '1')
if not ok then return { settled, 1 } end
return { settled, 1, claimed }
