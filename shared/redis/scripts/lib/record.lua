-- The record of a job is a hash. What never changes stands in one of its fields, `facts` (see admissions.ts):
-- few fields are cheap to write and small. What may be absent has a meaning then:
-- `run`: the job's own id; `rev`: 1; `begun`: `started`; `cache`: `miss`, or `hit` where `hit` names the run that has
-- the output, and then `status` is `succeeded`, `ended` is `created` and `rev` 2.
-- The record outlives its data by seven days (job-reader.ts tells the age of data by that).
local RECORD_LIFE = 7 * 86400 * 1000
-- The longest that a job may be delayed and then wait: its tenant's list must outlive it.
local LONGEST_WAIT = 60 * 86400 * 1000

-- Answers created, retention, handicap, webhook events ('-' where there are none), tenant, the cache key, if any, and
-- the spec (JSON, for clients).
local function read_facts(facts)
  local created, retention, handicap, hook, cache_key, at = string.match(facts, '^(%d+) (%d+) (%d+) (%S+) (%S+) ()')
  -- Character by character, as a pattern does it, the spec takes long.
  local behind = string.find(facts, '\n', at, true)
  local spec, tenant = string.sub(facts, at, behind - 1), string.sub(facts, behind + 1)
  return created, retention, handicap, hook, tenant, cache_key ~= '-' and cache_key or nil, spec
end
