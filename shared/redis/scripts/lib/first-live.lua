-- The first of them alone: the job for which the run is, as far as anything is for one of them only.
local function first_live(prefix, run)
  local owner = live_job(prefix, run, owner_of(run))
  if owner then return owner end
  local id = redis.call('ZRANGE', prefix .. 'joined:' .. run, 0, 0)[1]
  return id and live_job(prefix, run, id)
end
