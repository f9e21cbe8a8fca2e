-- What wrk (https://github.com/wg/wrk) asks: arguments are the method, the path, the
-- kind of bodies and what they are made of; the result is one line of JSON.
local method, path, kind, bodies, first, count
-- What done reads of each thread has to be global; and what wrk calls for each request
-- and each answer, request and response, is so where init wants it.
number, failures = 0, 0
local headers = { ["Content-Type"] = "application/json" }
local threads = {}

function setup(thread) table.insert(threads, thread) end

function init(args)
  method, path, kind = args[1], args[2], args[3]
  number, failures = 0, 0
  if kind == "none" then
    -- wrk makes the one request and reads the answers by itself: with a function here it
    -- would be slower than the server.
    wrk.method, wrk.path, wrk.headers["Accept-Encoding"] = method, path, "br"
    return
  end
  request = requests[kind]
  if kind == "subscriptions" then
    -- A template with a place for a number, the first one, and after how many they
    -- come again.
    local file = io.open(args[4]); bodies = file:read("*a"); file:close()
    number, count = tonumber(args[5]), tonumber(args[6])
    first = number
  else
    bodies = {}
    for line in io.lines(args[4]) do table.insert(bodies, line) end
  end
  if kind == "requests" then
    -- Only these may be answered as it happens.
    response = function(status)
      if status >= 500 then failures = failures + 1 end
    end
  end
end

requests = {
  subscriptions = function()
    local body = bodies:gsub("NUMBER", tostring(number), 1)
    number = number + 1
    if number == first + count then number = first end
    return wrk.format(method, path, headers, body)
  end,
  lines = function()
    number = number + 1
    return wrk.format(method, path, headers, bodies[(number - 1) % #bodies + 1])
  end,
  -- Each line is a method, a path and a body of its own.
  requests = function()
    number = number + 1
    local verb, to, body = bodies[(number - 1) % #bodies + 1]:match("^(%S+) (%S+) (.*)$")
    return wrk.format(verb, to, headers, body)
  end,
}

function done(summary, latency)
  local failures, asked = 0, 0
  for _, thread in ipairs(threads) do
    failures = failures + thread:get("failures")
    asked = asked + thread:get("number")
  end
  local e = summary.errors
  print(string.format(
    '\nRESULT {"requests": %d, "micros": %d, "p50": %d, "p99": %d, "refused": %d, "failed": %d, "broken": %d, "asked": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.status, failures, e.connect + e.read + e.write + e.timeout, asked))
end
