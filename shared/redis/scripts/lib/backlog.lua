-- What is known of a model stands in one hash, `state`, since a command costs more than a field. `admit` and `start`, which
-- run for every job, read and write all that they need of it at once:
--   '*', 't:<tenant>'                     how many records are queued, of the model and of the tenant
--   'rate', 'rated', 'busy'               the runs that started (start-rate.lua)
--   'clock', 'base', 's:<band>:<tenant>'  the fair shares (fair-share.lua); 'scan': how far they were looked through
local function depth_of(prefix, tenant)
  local depth = redis.call('HMGET', prefix .. 'state', '*', 't:' .. tenant)
  return tonumber(depth[1]) or 0, tonumber(depth[2]) or 0
end

-- Writes how many are queued, and with it the fields and values behind.
local function write_backlog(prefix, tenant, of_model, of_tenant, ...)
  local key, own = prefix .. 'state', 't:' .. tenant
  if of_tenant > 0 and of_model > 0 then return redis.call('HSET', key, '*', of_model, own, of_tenant, ...) end
  if of_model > 0 then
    redis.call('HSET', key, '*', of_model, ...)
    return redis.call('HDEL', key, own)
  end
  redis.call('HDEL', key, '*', own)
  if select('#', ...) > 0 then redis.call('HSET', key, ...) end
end

local function add_to_backlog(prefix, tenant, count)
  local of_model, of_tenant = depth_of(prefix, tenant)
  write_backlog(prefix, tenant, of_model + count, of_tenant + count)
end
