#!/usr/bin/env bash
# Installs what the tests need, builds, and runs everything through ctest.
#   tests/run.sh [PRESET]    asan (default: address and undefined-behaviour sanitizers), dev, release or tsan
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=${1:-asan}

deploy/packages.sh build test
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}
export ASAN_SYMBOLIZER_PATH=${ASAN_SYMBOLIZER_PATH:-/usr/bin/llvm-symbolizer-16}
export TSAN_SYMBOLIZER_PATH=${TSAN_SYMBOLIZER_PATH:-$ASAN_SYMBOLIZER_PATH}

mkdir -p build
log=build/test-build-$preset.log
begun=$SECONDS
echo "building preset $preset …"
{ cmake --preset "$preset" && cmake --build --preset "$preset"; } >"$log" 2>&1 || {
  grep -nE 'error:|undefined|FAILED' "$log" | head -n 40 >&2
  tail -n 20 "$log" >&2
  echo "the build failed; all of its output is in $log" >&2
  exit 1
}
echo "built in $((SECONDS - begun)) s"
ctest --preset "$preset"
