-- @include bull-claim rate-window overdue start-run
-- A worker takes the next run for each of its takers, and starts it where `takes` is `starts`; notes at each the `next`
-- run and what `start` answers of it. Answers what `claim` does for those without one. Where a start fails the run's
-- own worker is to see it fail, not whoever came by.
local function take_runs(prefix, takers, lock_ms, worker, now)
  local starters = { nil }
  local none = claim_runs(prefix, takers, lock_ms, worker, now)
  for _, taker in ipairs(takers) do
    if taker.next and taker.takes == 'starts' then starters[#starters + 1] = taker end
  end
  if #starters > 0 and not pcall(start_runs, prefix, starters, worker, false) then
    for _, taker in ipairs(starters) do taker.start = false end
  end
  return none
end
