-- What was caught, as an answer. Redis 7.0 throws texts, which begin with the code, later ones tables. That Redis is
-- master no more is thrown on: nothing was written then, and only by an error of the script does the connection learn
-- that it must be made anew.
local function error_of(caught)
  local text = type(caught) == 'table' and caught.err or tostring(caught)
  local answer = { err = string.find(text, '^%u+ ') and text or 'ERR ' .. text }
  if string.find(text, '^READONLY') then error(answer) end
  return answer
end
