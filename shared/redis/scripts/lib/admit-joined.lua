-- How `admit` joins a job to an identical run that is under way, inside of `admit-queued`.
-- @include run first-live bull-place
-- One model call answers no more jobs than these, so that `settle` stays short.
local MOST_JOINED = 1000

-- A job that would start before the run it joins takes the run along.
local function hasten(run)
  local first = first_live(prefix, run)
  if not first or not first.tag or tag + handicap >= first.tag + first.handicap then return end
  redis.call('HSET', first.key, 'tag', exact(tag) .. ' ' .. handicap)
  -- Who came before it in this very script stays before it.
  hand_over_queued()
  move_forward(prefix, run, tag, handicap)
  tag, has_paid = tag + share, true
end

local function join_run(job, run, full)
  -- What this very script has queued stands in no index yet.
  if not written[run] and not redis.call('ZSCORE', prefix .. 'runs', run) then return nil end
  local joined = redis.call('ZCARD', prefix .. 'joined:' .. run)
  if joined >= MOST_JOINED then return nil end
  -- A token stands in the run's hash only while a worker holds it.
  local running = redis.call('HEXISTS', prefix .. 'run:' .. run, 'token') == 1
  if running then
    write_record(job, 'status', 'running', 'cache', 'coalesced', 'run', run, 'started', created, 'attempts', '1')
  elseif full then
    return full
  else
    write_record(job, 'status', 'queued', 'cache', 'coalesced', 'run', run)
    wait_to_start(job)
    hasten(run)
  end
  if ARGV[10] ~= '' then redis.call('SADD', prefix .. 'waiting:' .. run, ARGV[10]) end
  -- In the order in which they came, within a millisecond too.
  redis.call('ZADD', prefix .. 'joined:' .. run, exact(now + joined / 1024), job.id)
  redis.call('HSET', prefix .. 'data:' .. run, 'shared', 1)
  return { 'joined', created, run, running and 'running' or 'queued' }
end
