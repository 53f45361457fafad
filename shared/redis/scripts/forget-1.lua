-- Forgets the spec of a removed model, where it is still the one that was looked at. It is a change as any other:
-- without a new revision those that have read the models would go on serving it.
--
-- KEYS[1] the models of the API
-- ARGV 1 name@version, 2 what it was
-- Answers 1 where it is forgotten
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HINCRBY', KEYS[1], 'revision', 1)
return redis.call('HDEL', KEYS[1], ARGV[1])
