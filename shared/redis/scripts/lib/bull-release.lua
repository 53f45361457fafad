-- What BullMQ's `moveToFinished` does for runs that have ended (bull-claim.lua), where their worker holds them by the
-- lock's token; where it does not, BullMQ is to say so itself. Deletes what else is `gone`.
local function release_runs(prefix, endings, gone)
  local queue, locks = prefix .. 'jobs:', { nil }
  for index, ending in ipairs(endings) do locks[index] = queue .. ending.run .. ':lock' end
  local released = { nil }
  for index, token in ipairs(redis.call('MGET', unpack(locks))) do
    local ending = endings[index]
    local is_over = not ending.answer.err and ending.answer[1] ~= 'queued'
    if is_over and token == ending.lock then
      ending.is_released = true
      released[#released + 1] = ending.run
      gone[#gone + 1], gone[#gone + 2] = locks[index], queue .. ending.run
    end
  end
  if #gone > 0 then redis.call('DEL', unpack(gone)) end
  if #released == 0 then return end
  redis.call('SREM', queue .. 'stalled', unpack(released))
  for _, run in ipairs(released) do redis.call('LREM', queue .. 'active', '-1', run) end
end
