-- @include queue-again history fair-share bull bull-place
-- A run whose attempt is to be repeated, or was none; `settle` describes the ending.
local function put_back(prefix, ending, live, now)
  local run, first, key = ending.run, live[1], prefix .. 'run:' .. ending.run
  redis.call('HDEL', key, 'token', 'progress', 'worker')
  redis.call('HINCRBY', key, 'spent', ending.amount)
  -- It came to an end, and its worker lives.
  if ending.amount == '1' then redis.call('HDEL', key, 'deaths') end
  for _, job in ipairs(live) do
    if ending.attempt ~= '' then remember(job.key, ending.attempt) end
    -- An attempt that does not count was none: the next one has its number.
    if ending.amount == '0' then redis.call('HINCRBY', job.key, 'attempts', -1) end
    queue_again(prefix, job)
  end
  -- While it ran the priorities may have been rebased: the worker gives it back to BullMQ with the one noted here.
  move_forward(prefix, run, first.tag or 0, first.handicap)
  look_at(prefix, run, now + 60000)
  add_event(prefix, run, 'status', '{"status":"queued"}')
  wake(prefix, run)
  return { 'queued' }
end
