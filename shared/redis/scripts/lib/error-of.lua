-- What was caught, as an answer. Redis 7.0 throws texts, which begin with the code, later ones tables.
local function error_of(caught)
  if type(caught) == 'table' then return caught end
  local text = tostring(caught)
  return { err = string.find(text, '^%u+ ') and text or 'ERR ' .. text }
end
