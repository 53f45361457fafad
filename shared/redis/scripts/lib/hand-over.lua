-- @include queue-again blobs fair-share
-- The jobs behind the first become a run of the next one's own, with the same input. Answers it and its priority.
local function hand_over(prefix, run, live, now)
  local first, heir = live[1], live[2]
  local next_run = heir.id
  redis.call('COPY', prefix .. 'data:' .. run, prefix .. 'data:' .. next_run)
  hold_blobs(prefix, next_run, '+inf')
  for _, kind in ipairs({ 'waiting:', 'reading:' }) do redis.call('COPY', prefix .. kind .. run, prefix .. kind .. next_run) end
  for index = 2, #live do
    redis.call('HSET', live[index].key, 'run', next_run)
    queue_again(prefix, live[index])
  end
  redis.call('ZREM', prefix .. 'joined:' .. run, first.id, heir.id)
  if #live > 2 then redis.call('RENAME', prefix .. 'joined:' .. run, prefix .. 'joined:' .. next_run) end
  redis.call('HSETNX', heir.key, 'tag', exact(first.tag or 0))
  look_at(prefix, next_run, now + 5000)
  -- Who reads along throws away what the failed attempt has said.
  add_event(prefix, next_run, 'status', '{"status":"queued"}')
  local flight = first.cache_key and prefix .. 'flight:' .. first.cache_key
  if flight and redis.call('GET', flight) == run then redis.call('SET', flight, next_run) end
  return next_run, priority_of(prefix, first.tag or 0, heir.handicap)
end
