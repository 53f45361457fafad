local function queue_again(prefix, job)
  redis.call('HSET', job.key, 'status', 'queued', 'rev', job.rev + 1)
  add_to_backlog(prefix, job.tenant, 1)
end
