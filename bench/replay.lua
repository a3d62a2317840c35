-- wrk -s replay.lua URL -- FILE [SKIP]: send the lines "METHOD TOKEN PATH [BODY]" of FILE in turn.
-- A POST carries a key against doubles of its own.
local lines, at, seed = {}, 0, os.time()
function init(args)
  for line in io.lines(args[1]) do
    local method, token, path, body = line:match("^(%S+) (%S+) (%S+) ?(.*)$")
    local headers = { ["authorization"] = "Bearer " .. token, ["accept-encoding"] = "identity" }
    if method == "POST" then
      headers["content-type"] = "application/json"
      headers["idempotency-key"] = seed .. "-" .. #lines
      lines[#lines + 1] = wrk.format("POST", path, headers, body)
    else
      lines[#lines + 1] = wrk.format("GET", path, headers)
    end
  end
  at = tonumber(args[2] or 0)
end
function request()
  at = at % #lines + 1
  return lines[at]
end
