#!/usr/bin/env bash
# clang-tidy with the repository's profile over the program's sources: ten minutes on two cores, so it is run by hand and
# before a release, not with every change.
#   tests/tidy.sh [FILE…]    (default: all of reconciler/)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
deploy/packages.sh build test
cmake --preset dev >/dev/null
cmake --build --preset dev --target cps_schema cps_cli >/dev/null  # for the generated sources
[ $# -gt 0 ] || mapfile -t files < <(git ls-files 'reconciler/*.cpp')
log=build/tidy.log
printf '%s\n' "${@:-${files[@]}}" | xargs -P "$(nproc)" -n 3 clang-tidy-16 -p build/dev --quiet >"$log" 2>/dev/null || true
# What the analyzer says of a library's headers is not ours to fix: only lines about our own files count.
if grep -E "^$PWD/[^:]+:[0-9]+:[0-9]+: (error|warning):" "$log"; then exit 1; fi
echo "clang-tidy has nothing to say"
