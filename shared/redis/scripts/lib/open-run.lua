-- Each open run stands in `runs` with the time when the sweeper is to look at it.
local function look_at(prefix, run, when)
  redis.call('ZADD', prefix .. 'runs', digits(when), run)
end
