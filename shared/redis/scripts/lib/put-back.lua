-- @include queue-again history fair-share bull bull-place
-- A run whose attempt is to be repeated, or was none; `settle` describes the arguments.
local function put_back(key, argv, live, now)
  local prefix, run, first = argv[1], argv[2], live[1]
  redis.call('HDEL', key, 'token', 'progress', 'worker')
  redis.call('HINCRBY', key, 'spent', argv[9])
  -- It came to an end, and its worker lives.
  if argv[9] == '1' then redis.call('HDEL', key, 'deaths') end
  for _, job in ipairs(live) do
    if argv[7] ~= '' then remember(job.key, argv[7]) end
    -- An attempt that does not count was none: the next one has its number.
    if argv[9] == '0' then redis.call('HINCRBY', job.key, 'attempts', -1) end
    queue_again(prefix, job)
  end
  -- While it ran the priorities may have been rebased: the worker gives it back to BullMQ with the one noted here.
  move_forward(prefix, run, first.tag or 0, first.handicap)
  look_at(prefix, run, now + 60000)
  add_event(prefix, run, 'status', '{"status":"queued"}')
  wake(prefix, run)
  return { 'queued' }
end
