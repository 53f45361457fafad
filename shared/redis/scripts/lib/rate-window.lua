-- How long ago starts are remembered, in ms (start-rate.lua).
local RATE_WINDOW = 30000
