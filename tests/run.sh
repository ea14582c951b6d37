#!/usr/bin/env bash
# Installs what the tests need, builds, and runs everything through ctest.
#   tests/run.sh [PRESET]    dev (default), asan (address and undefined-behaviour sanitizers, fuzz targets), tsan (what has
#                            threads, under the thread sanitizer) or release
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=${1:-dev}

echo "== step 1 of 3: packages"
deploy/packages.sh build test
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}
export ASAN_SYMBOLIZER_PATH=${ASAN_SYMBOLIZER_PATH:-/usr/bin/llvm-symbolizer-16}
export TSAN_SYMBOLIZER_PATH=${TSAN_SYMBOLIZER_PATH:-$ASAN_SYMBOLIZER_PATH}

echo "== step 2 of 3: build preset $preset"
deploy/build.sh "$preset" "build/test-build-$preset.log"

echo "== step 3 of 3: run the tests"
ctest --preset "$preset"
