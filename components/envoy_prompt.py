"""What tells one conversation from another where clients say nothing of sessions: how its first prompt begins.

The chat API sends a conversation whole with each turn, and the first text that its user said is the same in all of
them. Envoy itself sees no bodies, so a script looks that text up, once the body is there and its length has been
checked, and says a number made of its first KEY bytes in HEADER, by which `envoy_affinity` hashes. The text itself goes
nowhere. A screenshot of megabytes before the text is passed over piece by piece. Only marks that JSON can't have within
a text are looked for; at worst a request goes where its prefix is not in the cache. A conversation that the server
keeps (/v1/responses) is not sent whole: it goes by its client.
"""

from typing import Any

Json = dict[str, Any]

HEADER = "x-autoglm-prompt"
KEY = 512
_CHAT = "/v1/chat/completions"
_PIECE = 256 * 1024
_TRIES = 64
_FILTER = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"

_SCRIPT = """
local function bytes(body, start, count)
  return body:getBytes(start, math.min(count, body:length() - start))
end

-- Where `mark` with `pattern` behind it begins, from `start` on, and where what follows them does. Who sends the mark
-- by the million is not followed.
local function find(body, mark, pattern, start)
  local tries = TRIES
  while start < body:length() do
    local piece = bytes(body, start, PIECE)
    local at = piece:find(mark, 1, true)
    while at do
      local here = start + at - 1
      local _, last = bytes(body, here + #mark, 32):find("^%s*:%s*" .. pattern)
      if last then return here, here + #mark + last end
      tries = tries - 1
      if tries == 0 then return nil end
      at = piece:find(mark, at + 1, true)
    end
    if #piece < PIECE then return nil end
    start = start + PIECE - #mark
  end
end

-- djb2 of a JSON text from its first letter on.
local function number(text)
  local hash, at = 5381, 1
  while at <= #text do
    local byte = text:byte(at)
    if byte == 34 then break end
    hash = (hash * 33 + byte) % 4294967296
    if byte == 92 then
      at = at + 1
      hash = (hash * 33 + (text:byte(at) or 0)) % 4294967296
    end
    at = at + 1
  end
  return string.format("%08x", hash)
end

function envoy_on_request(handle)
  local headers = handle:headers()
  headers:remove("HEADER")
  if headers:get("SESSION") or not headers:get(":path"):find("CHAT", 1, true) then return end
  local body = handle:body()
  if not body then return end
  local _, said = find(body, '"role"', '"user"', 0)
  if not said then return end
  local _, text = find(body, '"content"', '"', said)
  local parts, part = find(body, '"text"', '"', said)
  if part and not (text and text < parts) then text = part end
  if text then handle:headers():add("HEADER", number(bytes(body, text, KEY))) end
end
"""


def filters(session: str) -> list[Json]:
    """Behind the filter that takes the body in. `session`: the header with which nothing has to be looked up."""
    named = {"CHAT": _CHAT, "HEADER": HEADER, "SESSION": session}
    numbers = {"PIECE": str(_PIECE), "TRIES": str(_TRIES), "KEY": str(KEY)}
    script = _SCRIPT
    for name, value in (named | numbers).items():
        script = script.replace(name, value)
    return [
        {
            "name": "envoy.filters.http.lua",
            "typed_config": {
                "@type": _FILTER,
                "default_source_code": {"inline_string": script},
                # The route was chosen by a token that is not passed on: looked for again, it would be that of a key.
                "clear_route_cache": False,
            },
        }
    ]
