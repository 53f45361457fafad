-- Ends attempts of several runs of one model, each for itself as `settle` does. Where that is the end of a run for its
-- worker, BullMQ forgets it in the same step, and the worker takes the next one.
--
-- KEYS[1] BullMQ's hash of the queue
-- ARGV 1 key prefix, 2 ms that BullMQ's locks hold, 3 the worker's name, 4 ms of its clock, and then for each run: 1 to 6
--      as 2 to 7 of `settle`, 7 the token of BullMQ's lock, 8 `starts` or `claims` where the next one is taken, as for
--      `claim`, else ''
-- Answers for each {0, what `settle` answers…} where BullMQ still has the run
--               or {1, what `settle` answers…} where it has forgotten it, and more is to be done for this one
--               or {2, stale or settled, what `claim` answers…} where it has, and the next one was looked for
--               or the error that it failed with
-- @include clock record backlog open-run run live-jobs usage end-job settle-run bull-release
local OF_ALL, OF_ONE = 4, 8
local prefix = ARGV[1]
local endings, answers, takers = { nil }, { nil }, { nil }
for at = OF_ALL + 1, #ARGV, OF_ONE do endings[#endings + 1] = read_ending(at) end
release_runs(prefix, endings, settle_runs(prefix, endings))
for index, ending in ipairs(endings) do
  local settled = ending.answer
  if settled.err then
    answers[index] = settled
  elseif ending.is_released and #settled == 1 and ending.takes ~= '' then
    takers[#takers + 1], ending.index = ending, index
    answers[index] = false
  else
    answers[index] = { ending.is_released and 1 or 0, unpack(settled) }
  end
end
if #takers == 0 then return answers end
-- @include take-runs
local ok, none = pcall(take_runs, prefix, takers, ARGV[2], ARGV[3], tonumber(ARGV[4]))
for _, taker in ipairs(takers) do
  local index, kind = taker.index, taker.answer[1]
  if not ok then
    answers[index] = { 1, kind }
  elseif taker.next then
    answers[index] = { 2, kind, taker.next, taker.is_last and 1 or 0, 0, unpack(taker.start or {}) }
  else
    answers[index] = { 2, kind, unpack(none) }
  end
end
return answers
