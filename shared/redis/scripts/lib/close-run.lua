-- Closes a run that nobody waits for any more; those of `closing` are forgotten together. Its data stay for `kept` ms, its
-- events, where it may have any, as long as results are kept. `has_blobs`: false where it is known to refer to none.
local function close_run(prefix, closing, run, cache_key, kept, has_blobs, events_kept)
  local gone, flight = closing.gone, cache_key and prefix .. 'flight:' .. cache_key
  closing[#closing + 1] = run
  gone[#gone + 1], gone[#gone + 2] = prefix .. 'run:' .. run, prefix .. 'joined:' .. run
  if flight and closing.flights then
    -- Looked at together (settle-many.lua).
    local at = #closing.flights + 1
    closing.flights[at], closing.flying[at] = flight, run
  elseif flight and redis.call('GET', flight) == run then
    gone[#gone + 1] = flight
  end
  redis.call('PEXPIRE', prefix .. 'data:' .. run, digits(kept))
  if has_blobs then
    -- @include blobs
    hold_blobs(prefix, run, digits(now_ms() + kept))
  end
  if events_kept then redis.call('PEXPIRE', prefix .. 'events:' .. run, events_kept) end
end

-- Answers the keys that are yet to be deleted.
local function forget_runs(prefix, closing)
  if #closing == 0 then return closing.gone end
  redis.call('ZREM', prefix .. 'runs', unpack(closing))
  if redis.call('EXISTS', prefix .. 'runs') == 0 then
    -- @include shares
    rest_state(prefix)
  end
  return closing.gone
end
