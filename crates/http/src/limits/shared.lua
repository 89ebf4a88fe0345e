-- Counts one request, as gcra.rs does, at the clock of Redis. It runs as one step.
-- KEYS[1]: the caller's count. ARGV: microseconds per request, microseconds of a used-up bucket.
-- Answers: whether it is within the quota (1 or 0), and what the bucket lacks in microseconds.
local interval, capacity = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local full_at = tonumber(redis.call('GET', KEYS[1]) or '') or now
local backlog = math.min(math.max(full_at - now, 0), capacity)
local after = backlog + interval
if after > capacity then
  return {0, backlog}
end
-- Plain tostring would round to 14 digits.
redis.call('SET', KEYS[1], string.format('%.0f', now + after), 'PX', math.ceil(after / 1000))
return {1, after}
