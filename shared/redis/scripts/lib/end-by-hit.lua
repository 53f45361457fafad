-- @include backlog end-job
-- Ends a job that the cache answers and of whose end somebody is to be told or paid; its record has just been written.
local function end_hit(prefix, tenant, job, run, price, account, now)
  local came, retention, _, hook = read_facts(job.facts)
  -- As `live_job` reads one that ends, with END_FIELDS.
  local ending = {
    id = job.id, key = job.key, tenant = tenant, status = 'succeeded', rev = 1, deadline = 0, hook = hook,
    created = came, retention = retention,
    more = { false, run, price ~= '' and price, account ~= '' and account, false, false },
  }
  local _, owed = end_job(prefix, ending, 'succeeded', now, nil, '')
  charge(prefix, job.id, tenant, owed, false, now)
end
