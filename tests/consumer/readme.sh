#!/usr/bin/env bash
# readme.sh <build directory of Hybi>: the README's programs compile. The first block is a whole program and is
# linked; the second stands inside a function.
set -euo pipefail
hybi=$(realpath "$1")
root=$(realpath "$(dirname "$0")/../..")
work=$hybi/consumer/readme
mkdir -p "$work"

block() { awk -v wanted="$1" '/^```cpp$/ {on = ++count == wanted; next} /^```/ {on = 0} on' "$root/README.md"; }
block 1 > "$work/first.cc"
{
  echo '#include <hybi/hybi.h>'
  echo 'void second(hybi::Server& server, std::string_view kPage) {'
  block 2 | sed 's/\[\](hybi::Request&/[kPage](hybi::Request\&/'
  echo '}'
} > "$work/second.cc"
grep -q 'int main' "$work/first.cc"
grep -q 'server.publish' "$work/second.cc"

# What an installed hybi.pc requires; this program is linked without an installation.
needs=$(sed -n 's/^Requires: //p' "$root/packaging/hybi.pc.in")
read -ra libraries <<<"$(pkg-config --cflags --libs "$needs")"
flags=(-std=c++20 -Wall -Wextra -Wpedantic -Werror "-I$root/src")
g++ "${flags[@]}" "$work/first.cc" -o "$work/first" "$hybi/libhybi.a" "${libraries[@]}" -pthread
g++ "${flags[@]}" -c "$work/second.cc" -o "$work/second.o"
