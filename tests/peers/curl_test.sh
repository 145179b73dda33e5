#!/usr/bin/env bash
# curl, the HTTP client everybody has, against the demo. One line for each thing checked.
set -euo pipefail

: "${HYBI:?names the command to test}"
work=$(mktemp -d)
demo=
backend=
failed=0
checked=0

cleanup() {
  if [ -n "$demo" ]; then kill -KILL "$demo" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap cleanup EXIT

start() { # <backend> <flag>...; fails if the backend is not there
  "$HYBI" demo --port 0 --shutdown-timeout 2 --backend "$@" >"$work/out" 2>"$work/err" &
  demo=$!
  for _ in $(seq 6000); do
    if grep -q '^backend ' "$work/out"; then
      base=$(sed -n '1s|/$||p' "$work/out" | sed 's/localhost/127.0.0.1/')
      return 0
    fi
    if ! kill -0 "$demo" 2>/dev/null; then demo=; return 1; fi
    sleep 0.01
  done
  return 1
}

stop() {
  local code=0
  kill -TERM "$demo"
  wait "$demo" || code=$?
  demo=
  expect "the demo exits 0" 0 "$code"
}

expect() { # <what> <wanted> <got>
  checked=$((checked + 1))
  if [ "$2" = "$3" ]; then
    echo "ok   $backend: $1"
  else
    failed=$((failed + 1))
    printf 'FAIL %s: %s\n  wanted: %q\n  got:    %q\n' "$backend" "$1" "$2" "$3"
  fi
}

get() { # <curl argument>...: the body; status and connection count go to $work/code
  : >"$work/body"
  curl -sS --max-time 60 -o "$work/body" -D "$work/head" -w '%{http_code} %{num_connects}' "$@" >"$work/code" || true
}
status() { cut -d' ' -f1 "$work/code"; }
body() { cat "$work/body"; }
field() { # <name>: its value in the last answer
  tr -d '\r' <"$work/head" | grep -i "^$1:" | tail -n1 | sed 's/^[^:]*: *//' || true
}

upgrade() { # <curl argument>...: a handshake with the good fields that the arguments do not replace
  get -H 'Connection: Upgrade' -H 'Upgrade: websocket' "$@"
}

checks() {
  get "$base/health"
  expect "GET /health" "200 ok" "$(status) $(body)"
  expect "its type" "text/plain; charset=utf-8" "$(field content-type)"
  expect "its length" 2 "$(field content-length)"
  expect "it has a Date" 1 "$(grep -ci '^date: ..., .* GMT' "$work/head")"

  get -I "$base/health"
  expect "HEAD has the length and no body" "200 2" "$(status) $(field content-length)"

  get --http1.0 "$base/health"
  expect "HTTP/1.0" "200 ok" "$(status) $(body)"

  get -X OPTIONS "$base/api/echo"
  expect "OPTIONS lists the methods" "OPTIONS, POST" "$(field allow | tr ',' '\n' | sed 's/ //g' | sort | paste -sd, | sed 's/,/, /g')"

  get -d '{"a": [1, 2.50, "ü"], "b": null}' -H 'Content-Type: application/json' "$base/api/echo"
  expect "POST /api/echo gives the JSON back" '200 {"a": [1, 2.50, "ü"], "b": null}' "$(status) $(body)"
  expect "as JSON" "application/json" "$(field content-type)"

  get -d $'{"a":\n 1,}' "$base/api/echo"
  expect "JSON that is none is 400 and says where" '400 {"error":"the body is not JSON","line":2,"byte":10}' "$(status) $(body)"
  get -X POST "$base/api/echo"
  expect "nothing is not JSON" "400" "$(status)"
  printf '%200000s' | tr ' ' '[' >"$work/deep"
  get --data-binary "@$work/deep" "$base/api/echo"
  expect "JSON that is deep and broken" 400 "$(status)"
  get --data-binary $'"\xff"' "$base/api/echo"
  expect "a string that is not UTF-8" 400 "$(status)"

  head -c 3000000 /dev/urandom | base64 -w0 | sed 's/.*/"&"/' | tr -d '\n' >"$work/big.json"
  get -H 'Transfer-Encoding: chunked' -H 'Expect:' --data-binary "@$work/big.json" "$base/api/echo"
  expect "a chunked upload of 4 MB" 200 "$(status)"
  expect "comes back byte for byte" "" "$(cmp "$work/big.json" "$work/body" 2>&1)"

  get -H 'Expect: 100-continue' --expect100-timeout 50 --data-binary "@$work/big.json" -w '%{http_code} %{time_total}' "$base/api/echo"
  expect "Expect: 100-continue is answered" 200 "$(status)"
  expect "with a 100 before the body" 1 "$(grep -c '^HTTP/1.1 100' "$work/head")"
  expect "and not by waiting" yes "$(awk '{print ($2 < 45) ? "yes" : "no"}' "$work/code")"

  head -c 20000000 /dev/zero >"$work/huge"
  get -H 'Expect: 100-continue' --data-binary "@$work/huge" "$base/api/echo"
  expect "a body above the limit is 413" 413 "$(status)"

  get "$base/nowhere"
  expect "a path that is not there" 404 "$(status)"
  get -H 'Accept: text/html' "$base/nowhere"
  expect "a browser gets a page for it" "404 text/html; charset=utf-8" "$(status) $(field content-type)"
  get -X DELETE "$base/health"
  expect "a method that is not there" 405 "$(status)"
  expect "says which are" "GET, HEAD, OPTIONS" "$(field allow | tr ',' '\n' | sed 's/ //g' | sort | paste -sd, | sed 's/,/, /g')"
  get -X BREW "$base/health"
  expect "a method nobody knows" 501 "$(status)"
  get "$base/$(printf '%9000s' | tr ' ' a)"
  expect "a target that is too long" 414 "$(status)"
  get -H "X-Long: $(printf '%20000s' | tr ' ' a)" "$base/health"
  expect "a head that is too large" 431 "$(status)"

  get "$base/"
  expect "the overview" 200 "$(status)"
  local tag
  tag=$(field etag)
  get -H "If-None-Match: $tag" "$base/"
  expect "is not sent again to who has it" "304 0" "$(status) $(stat -c %s "$work/body")"
  get "$base/assets/style.css"
  expect "an asset" "200 text/css; charset=utf-8" "$(status) $(field content-type)"
  get "$base/assets/index.html"
  expect "a page is not an asset" 404 "$(status)"
  get --path-as-is "$base/assets/../../etc/passwd"
  expect "there is no way out of the assets" 404 "$(status)"

  get "$base/api/later?ms=50"
  expect "an answer from another thread" "200 this answer waited for 50 ms" "$(status) $(body)"
  get "$base/api/later?ms=forever"
  expect "a wait that is none" 400 "$(status)"

  curl -sS --max-time 60 -o /dev/null -w '%{num_connects}' "$base/health" -o /dev/null "$base/plaintext" -o /dev/null "$base/nowhere" -o /dev/null "$base/health" >"$work/code"
  expect "four requests use one connection" 1000 "$(cat "$work/code")"
  get -H 'Connection: close' "$base/health"
  expect "Connection: close is honoured" close "$(field connection)"

  upgrade -H 'Sec-WebSocket-Version: 13' "$base/echo"
  expect "a handshake without a key" 400 "$(status)"
  upgrade -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: c2hvcnQ=' "$base/echo"
  expect "a key that is too short" 400 "$(status)"
  upgrade -H 'Sec-WebSocket-Version: 99' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' "$base/echo"
  expect "a version that is not served" 426 "$(status)"
  expect "says which are" "13, 8, 7" "$(field sec-websocket-version)"
  upgrade -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' -H 'Origin: http://evil.example' "$base/echo"
  expect "a foreign origin" 403 "$(status)"
  upgrade -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' "$base/health"
  expect "a path that is no WebSocket answers as ever" "200 ok" "$(status) $(body)"
}

for backend in epoll uring; do
  if ! start "$backend" --threads 2; then
    if [ "$backend" = uring ] && grep -q backend "$work/err"; then echo "     uring: this kernel has none"; continue; fi
    cat "$work/err"
    exit 1
  fi
  checks
  stop
done

echo "$checked checks, $failed failed"
[ "$failed" -eq 0 ]
