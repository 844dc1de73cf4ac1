-- wrk -s wrk.lua URL -- BODY_FILE KEY [DIALECT WORDS]: prints one line of JSON.
-- With a dialect every stream is looked through for so many words in order, the usage and the right end.
local threads = {}
local word, ends, expected
torn = 0

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  local file = assert(io.open(args[1], 'r'))
  wrk.method = 'POST'
  wrk.body = file:read('*a')
  file:close()
  wrk.headers['Content-Type'] = 'application/json'
  wrk.headers['Authorization'] = 'Bearer ' .. args[2]
  if not args[3] then return end
  expected = tonumber(args[4])
  if args[3] == 'responses' then
    word, ends = '"delta":"w(%d+) "', 'event: response.completed\n'
  else
    word, ends = '"content":"w(%d+) "', 'data: [DONE]\n'
  end
  response = check
end

function check(_, _, body)
  local count = 0
  for number in body:gmatch(word) do
    if tonumber(number) ~= count then break end
    count = count + 1
  end
  -- What ends a stream comes after the last word, and so does the usage.
  local at = body:find('w' .. expected - 1 .. ' "', 1, true) or #body
  local last = body:find(ends, at, true)
  if count ~= expected or not last or not body:find('"usage":{', at, true) then torn = torn + 1 end
end

function done(summary, latency)
  local errors = summary.errors
  local bad = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  local cut = 0
  for _, thread in ipairs(threads) do cut = cut + thread:get('torn') end
  io.write(string.format('\n{"answers":%d,"seconds":%f,"p50Ms":%f,"p99Ms":%f,"bad":%d}\n',
    summary.requests - cut, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, bad + cut))
end
