-- @include any-has
-- So much input is answered at once, in bytes; whoever has a run beyond that starts it by itself.
local MOST_INPUT = 262144

-- Starts each for itself; where one fails the others go on.
local function start_many(prefix, takers, worker, starting)
  starting.joined = any_has(prefix, 'joined:', takers, 'next')
  starting.reading = any_has(prefix, 'reading:', takers, 'next')
  starting.known = any_has(prefix, 'run:', takers, 'next')
  starting.flights, starting.flying = {}, {}
  local answered = 0
  for _, taker in ipairs(takers) do
    if answered < MOST_INPUT then
      local ok, answer = pcall(start_run, prefix, taker.next, worker, false, starting)
      taker.start = ok and answer
      -- The input, where it is a start.
      answered = answered + #(ok and answer[6] or '')
    end
  end
  local flights = starting.flights
  for index, flying in ipairs(#flights > 0 and redis.call('MGET', unpack(flights)) or {}) do
    if not flying then redis.call('SETNX', flights[index], starting.flying[index]) end
  end
end
