-- The first so many that the model's rate lets start now, and ms until it lets another one; 0: at once.
local function first_by_rate(queue, count, others, most, window)
  local limiter = queue .. 'limiter'
  local counted = tonumber(redis.call('GET', limiter)) or 0
  if counted >= most then
    local pause = redis.call('PTTL', limiter)
    if pause > 0 then return {}, pause end
    if pause == 0 then redis.call('DEL', limiter) end
    counted = 0
  end
  local runs = first_waiting(queue, math.min(count, most - counted), others)
  if #runs == 0 then return runs, 0 end
  counted = redis.call('INCRBY', limiter, #runs)
  if counted == #runs then redis.call('PEXPIRE', limiter, math.floor(math.abs(window))) end
  return runs, counted >= most and math.max(0, redis.call('PTTL', limiter)) or 0
end
