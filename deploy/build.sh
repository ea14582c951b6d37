#!/usr/bin/env bash
# Configures and builds a preset, and says how far it is: on a terminal in one line that changes, elsewhere a line every
# twenty seconds. All output of the tools goes to the log. Used by quickstart.sh and tests/run.sh.
#   deploy/build.sh PRESET LOG [TARGET…]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=$1 log=$2
shift 2
mkdir -p "$(dirname "$log")"

if [ -t 1 ]; then say() { printf '\r\e[K  %s' "$1"; }; interval=1; else say() { printf '  %s\n' "$1"; }; interval=20; fi
begun=$SECONDS shown=$SECONDS
failed() {
  [ ! -t 1 ] || echo
  grep -nE 'error:|undefined|FAILED' "$log" | head -n 40 >&2 || true
  tail -n 20 "$log" >&2
  echo "the build failed; all of its output is in $log" >&2
  exit 1
}

# Ninja's status is "[edges done/edges in all]"; what is left is estimated from what the edges so far took.
watch() {
  local line first=
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$log"
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
    local edges=${BASH_REMATCH[1]} all=${BASH_REMATCH[2]}
    first=${first:-$SECONDS}
    [ $((SECONDS - shown)) -ge "$interval" ] || continue
    shown=$SECONDS
    local done=$((100 * edges / all)) left=$(((SECONDS - first) * (all - edges) / edges)) time=
    [ "$done" -lt 5 ] || time=$(printf ', about %d:%02d min left' $((left / 60)) $((left % 60)))
    say "$done % built$time"
  done
}

say "configuring"
cmake --preset "$preset" >"$log" 2>&1 || failed
targets=()
[ $# -eq 0 ] || targets=(--target "$@")
NINJA_STATUS='[%f/%t] ' cmake --build --preset "$preset" "${targets[@]}" 2>&1 | watch || failed
say "built in $((SECONDS - begun)) s"
[ ! -t 1 ] || echo
