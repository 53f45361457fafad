-- @include any-has error-of
-- Settles each for itself; where one fails the others go on. What they count of usage, mostly the same, is written at
-- their end.
local function settle_many(prefix, endings, settling)
  settling.joined = any_has(prefix, 'joined:', endings, 'run')
  settling.waiting = any_has(prefix, 'waiting:', endings, 'run')
  settling.events = any_has(prefix, 'events:', endings, 'run')
  settling.flights, settling.flying, kept_counts = {}, {}, {}
  for _, ending in ipairs(endings) do
    local ok, answer = pcall(settle_run, prefix, ending, settling)
    ending.answer = ok and answer or error_of(answer)
  end
  local flights, gone, kept = settling.flights, settling.gone, kept_counts
  for index, run in ipairs(#flights > 0 and redis.call('MGET', unpack(flights)) or {}) do
    if run == settling.flying[index] then gone[#gone + 1] = flights[index] end
  end
  kept_counts = nil
  for tenant, counts in pairs(kept) do
    for what, times in pairs(counts) do count_usage(prefix, tenant, now_ms(), what, times) end
  end
end
