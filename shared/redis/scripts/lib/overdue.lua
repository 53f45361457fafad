-- A job's ttl bounds its wait for the first start, whatever comes after.
local function is_overdue(job, now)
  return job ~= nil and job.status == 'queued' and not job.started and job.deadline > 0 and job.deadline <= now
end
