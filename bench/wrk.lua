-- wrk -s wrk.lua ADDRESS/v1/chat/completions -- BODY_FILE KEY: prints one line of JSON.
function init(args)
  local file = assert(io.open(args[1], 'r'))
  wrk.method = 'POST'
  wrk.body = file:read('*a')
  file:close()
  wrk.headers['Content-Type'] = 'application/json'
  wrk.headers['Authorization'] = 'Bearer ' .. args[2]
end

function done(summary, latency)
  local errors = summary.errors
  local bad = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format('\n{"answers":%d,"seconds":%f,"p50Ms":%f,"p99Ms":%f,"bad":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, bad))
end
