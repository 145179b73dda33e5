#!/usr/bin/env bash
# tools/install_packages.sh build|test ...: installs what is missing on Debian 12, and asks apt nothing when
# nothing is. As root, or through sudo.
set -euo pipefail

build=(
  g++ cmake ninja-build ccache pkg-config
  libssl-dev zlib1g-dev libdeflate-dev libsimdjson-dev liburing-dev
  libhiredis-dev libbrotli-dev libkainjow-mustache-dev
  nlohmann-json3-dev libfmt-dev libcli11-dev libspdlog-dev libtomlplusplus-dev
  media-types  # /etc/mime.types
)
test=(
  libgtest-dev libbenchmark-dev
  clang clang-format lld llvm libclang-rt-14-dev valgrind
  libwebsockets-dev libwebsocketpp-dev libboost-dev libboost-system-dev  # peers
  redis-server nginx-light
  libnetty-java libjzlib-java libprotocol-websocket-perl  # clients of the old versions
  python3 python3-websockets curl ca-certificates chromium firefox-esr fonts-dejavu-core
)

wanted=()
for group in "$@"; do
  case $group in
    build) wanted+=("${build[@]}") ;;
    test)
      wanted+=("${test[@]}")
      # A Node or a JDK of the user's own is as good as Debian's.
      major=$(node --version 2>/dev/null | sed -nE 's/^v([0-9]+).*/\1/p' || true)
      if [ "${major:-0}" -lt 18 ] || ! command -v npm >/dev/null; then wanted+=(nodejs npm); fi
      command -v javac >/dev/null || wanted+=(default-jdk-headless)
      ;;
    *) echo "usage: $0 build|test ..." >&2; exit 2 ;;
  esac
done

if ! command -v dpkg-query >/dev/null; then
  echo "not a Debian: install by hand what tools/install_packages.sh names" >&2
  exit 0
fi

installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
            sed -n 's/^installed //p' || true)
missing=()
for package in "${wanted[@]}"; do
  grep -qxF -- "$package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "Installing: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "need root or sudo to install: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
install() {
  "${as_root[@]}" apt-get -qq update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get -qq -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 install --no-install-recommends "${missing[@]}"
}
install || { echo "apt-get failed, once more in 5 s" >&2; sleep 5; install; }
