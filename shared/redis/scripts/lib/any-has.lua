-- Whether any of the runs that stand in this field may have such a key: one command, and then none for each of them.
local function any_has(prefix, kind, some, field)
  local keys = {}
  for index, one in ipairs(some) do keys[index] = prefix .. kind .. one[field] end
  return redis.call('EXISTS', unpack(keys)) > 0
end
