#!/usr/bin/env bash
# run.sh find_package|pkg_config|add_subdirectory <build directory of Hybi>
# Builds the consumer in one of the ways a user has, and runs it.
set -euo pipefail
way=$1
hybi=$(realpath "$2")
here=$(realpath "$(dirname "$0")")
root=$(realpath "$here/../..")
work=$hybi/consumer/$way
rm -rf "$work"
mkdir -p "$work"

launcher=()
if command -v ccache >/dev/null; then
  launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
fi

# Not optimised: with add_subdirectory the whole library is compiled once more.
configure() {
  cmake -S "$here" -B "$work/build" -G Ninja --log-level=WARNING -DCMAKE_CXX_COMPILER=g++ \
    -DCMAKE_CXX_FLAGS=-O0 "${launcher[@]}" "$@"
  cmake --build "$work/build" --parallel 2 --target consumer
}

case $way in
  find_package)
    cmake --install "$hybi" --prefix "$work/prefix" >/dev/null
    "$work/prefix/bin/hybi" --version
    configure -DCMAKE_PREFIX_PATH="$work/prefix"
    ;;
  pkg_config)
    cmake --install "$hybi" --prefix "$work/prefix" >/dev/null
    export PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name hybi.pc)")
    mkdir "$work/build"
    read -ra flags <<<"$(pkg-config --cflags --libs hybi)"
    g++ -O1 -Wall -Wextra -Wpedantic -Werror "$here/main.cc" "${flags[@]}" -o "$work/build/consumer"
    ;;
  add_subdirectory)
    configure -DHYBI_SOURCE="$root"
    ;;
  *)
    echo "unknown way: $way" >&2
    exit 2
    ;;
esac
timeout 30 "$work/build/consumer"
