"""The scripts that Redis runs. Each is one step that nobody can come between.

A lease is the key of a lesson with the value `<epoch> <cell> <incarnation>`. A node is a key with
the value `<incarnation> <JSON>`. All have a TTL.

`settling` tells that Redis lost its memory less than a TTL ago: it was flushed or started again,
maybe from an old dump. The key `memory` has the run id of the server that wrote it. Holders and
nodes come back within that time.
"""

from __future__ import annotations

PREFIX = "tongke:"
MEMORY_KEY = f"{PREFIX}memory"
SETTLING_KEY = f"{PREFIX}settling"
NODES_KEY = f"{PREFIX}nodes"


def hint_channel(database: int) -> str:
    """The channel of hints; its name tells the database, for channels are of the whole server."""
    return f"{PREFIX}hints:{database}"


def lesson_key(lesson_id: str) -> str:
    """The key of a lesson's lease."""
    return f"{PREFIX}lesson:{lesson_id}"


def node_key(node_id: str) -> str:
    """The key of a node."""
    return f"{PREFIX}node:{node_id}"


def limit_key(name: str, mark: str) -> str:
    """The key of what a limit counts for somebody."""
    return f"{PREFIX}limit:{name}:{mark}"


def limit_index(name: str) -> str:
    """The key of a limit's index: its keys by the time of their last use."""
    return f"{PREFIX}limits:{name}"


_SETTLING = """
local function settling(memory, key, ttl)
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  if redis.call('GET', memory) ~= run then
    redis.call('SET', memory, run)
    redis.call('SET', key, 1, 'PX', ttl)
  end
  return redis.call('EXISTS', key) == 1
end
"""

# KEYS: lesson, memory, settling. ARGV: epoch, owner, TTL in ms, 1 if somebody had the lesson.
# Returns: what was done, the value of the key.
CLAIM = (
    _SETTLING
    + """
local young = settling(KEYS[2], KEYS[3], ARGV[3])
local value = redis.call('GET', KEYS[1])
if value then
  if string.match(value, '^%d+ (.*)$') ~= ARGV[2] then return {'held', value} end
elseif young and ARGV[4] == '1' then
  return {'settling', ''}
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
return {'claimed', ''}
"""
)

# KEYS: lessons. ARGV: owner, TTL in ms, and an epoch for each lesson.
# Returns: for each lesson renewed, restored or contested.
RENEW = """
local answers = {}
for place, key in ipairs(KEYS) do
  local epoch = ARGV[place + 2]
  local own = epoch .. ' ' .. ARGV[1]
  local value = redis.call('GET', key)
  local posted = value and tonumber(string.match(value, '^%d+'))
  if value == own then
    redis.call('PEXPIRE', key, ARGV[2])
    answers[place] = 'renewed'
  elseif not posted or posted < tonumber(epoch) then
    redis.call('SET', key, own, 'PX', ARGV[2])
    answers[place] = 'restored'
  else
    answers[place] = 'contested'
  end
end
return answers
"""

# KEYS: lessons. ARGV: owner, and an epoch for each lesson. Returns: how many keys went.
RELEASE = """
local gone = 0
for place, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[place + 1] .. ' ' .. ARGV[1] then
    gone = gone + redis.call('DEL', key)
  end
end
return gone
"""

# KEYS: lesson, memory, settling. ARGV: TTL in ms. Returns: 1 if settling, the value of the key.
PLACE = (
    _SETTLING
    + """
local young = settling(KEYS[2], KEYS[3], ARGV[1])
return {young and 1 or 0, redis.call('GET', KEYS[1]) or ''}
"""
)

# KEYS: node, the set of nodes. ARGV: incarnation, JSON, TTL in ms, node id. Returns: 0 if taken.
BEAT = """
local value = redis.call('GET', KEYS[1])
if value and string.match(value, '^(%S+) ') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
redis.call('SADD', KEYS[2], ARGV[4])
return 1
"""

# KEYS: node, the set of nodes. ARGV: incarnation, node id. Returns: how many keys went.
LEAVE = """
local value = redis.call('GET', KEYS[1])
if not value or string.match(value, '^(%S+) ') ~= ARGV[1] then return 0 end
redis.call('SREM', KEYS[2], ARGV[2])
return redis.call('DEL', KEYS[1])
"""

# KEYS: the set of nodes, memory, settling. ARGV: TTL in ms, prefix of nodes' keys.
# Returns: 1 if settling, and for each node its JSON and the ms that are left of its TTL.
NODES = (
    _SETTLING
    + """
local found = {settling(KEYS[2], KEYS[3], ARGV[1]) and 1 or 0}
for _, node in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local key = ARGV[2] .. node
  local value = redis.call('GET', key)
  if value then
    found[#found + 1] = string.match(value, '^%S+ (.*)$')
    found[#found + 1] = redis.call('PTTL', key)
  else
    redis.call('SREM', KEYS[1], node)
  end
end
return found
"""
)

# KEYS: none. ARGV: channel, message. Returns: how many processes listen.
PUBLISH = "return redis.call('PUBLISH', ARGV[1], ARGV[2])"

_LIMITS = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function number(key, field) return tonumber(redis.call('HGET', key, field) or '0') end
local function keep(key, index, ttl, capacity)
  redis.call('PEXPIRE', key, math.ceil(ttl))
  redis.call('ZADD', index, now, key)
  if redis.call('PTTL', index) < ttl then redis.call('PEXPIRE', index, math.ceil(ttl)) end
  local over = redis.call('ZCARD', index) - capacity
  if over > 0 then
    for _, old in ipairs(redis.call('ZRANGE', index, 0, over - 1)) do
      redis.call('ZREM', index, old)
      redis.call('DEL', old)
    end
  end
end
"""

# The rules are those of `FailureLimiter`; a model test compares both.
# KEYS: for each limit its record and its index. ARGV: the outcome, and for each limit the number of
# failures, window in ms, longest lock in ms (0: as long as the window), how many are remembered.
# Returns: ms to wait, 0 if none.
SETTLE = (
    _LIMITS
    + """
local wait = 0
for place = 1, #KEYS, 2 do
  wait = math.max(wait, number(KEYS[place], 'locked') - now)
end
if wait > 0 or ARGV[1] == 'open' then return wait end
if ARGV[1] == 'succeeded' then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], KEYS[1])
  return 0
end
for place = 1, #KEYS, 2 do
  local key, first = KEYS[place], 2 * place
  local max, window = tonumber(ARGV[first]), tonumber(ARGV[first + 1])
  local longest = tonumber(ARGV[first + 2])
  local started, failures = number(key, 'started'), number(key, 'failures')
  local strikes, locked = number(key, 'strikes'), number(key, 'locked')
  if started == 0 then started = now end
  if now - started >= window then
    if now - math.max(started, locked) >= longest then strikes = 0 end
    started, failures = now, 0
  end
  failures = failures + 1
  if failures >= max then
    local lock = window * 2 ^ strikes
    if longest == 0 then lock = window else lock = math.min(lock, longest) end
    locked = now + lock
    started, failures, strikes = locked, 0, math.min(strikes + 1, 16)
  end
  redis.call('HSET', key, 'started', string.format('%.0f', started), 'failures', failures,
    'strikes', strikes, 'locked', string.format('%.0f', locked))
  local rest = window
  if strikes > 0 then rest = math.max(window, longest) end
  keep(key, KEYS[place + 1], math.max(started, locked) - now + rest, tonumber(ARGV[first + 3]))
end
return 0
"""
)

# A bucket as `TokenBucket`. KEYS: the bucket, its index.
# ARGV: how many come back in a ms, how many there are at most, how many buckets are remembered.
# Returns: ms to wait, 0 if one was taken.
TAKE = (
    _LIMITS
    + """
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local level = tonumber(redis.call('HGET', KEYS[1], 'level') or ARGV[2])
local at = number(KEYS[1], 'at')
if at > 0 then level = math.min(burst, level + (now - at) * rate) end
local wait = 0
if level < 1 then wait = math.max(1, math.ceil((1 - level) / rate)) else level = level - 1 end
redis.call('HSET', KEYS[1], 'level', string.format('%.9f', level), 'at', string.format('%.0f', now))
keep(KEYS[1], KEYS[2], burst / rate, tonumber(ARGV[3]))
return wait
"""
)
