-- The jobs that still wait for the run: its owner and those who joined, in that order; `is_joined`: false where it is
-- known that nobody did. Who leaves a run is taken out of `joined:` at once, and an owner's record is checked: it may
-- have a run of its own again.
local function live_jobs(prefix, run, is_joined, ...)
  local live = { live_job(prefix, run, owner_of(run), ...) }
  if not is_joined then return live end
  for _, id in ipairs(redis.call('ZRANGE', prefix .. 'joined:' .. run, '0', '-1')) do
    live[#live + 1] = live_job(prefix, run, id, ...)
  end
  return live
end
