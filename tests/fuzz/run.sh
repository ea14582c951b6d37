#!/usr/bin/env bash
# Runs fuzz targets on their corpus and on what they make of it. Prints how many inputs each has run; one that breaks
# ends with an error and is kept next to the target.
#   run.sh SECONDS TARGET…      paths of targets, named fuzz_NAME; two run at once
# FUZZ_RUNS=N makes the same N inputs each time, whatever was found before (SECONDS is then only a bound): what every test
# run does, so that it fails for what was changed and not by chance.
set -uo pipefail
corpora=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/corpus
seconds=$1
shift

fuzz() {
  local target=$1 name work log begun=$SECONDS
  name=$(basename "$target") && name=${name#fuzz_}
  work=$(dirname "$target")/fuzz/$name
  log=$work.log
  local seed=(-seed=0)
  [ -z "${FUZZ_RUNS:-}" ] || { seed=(-seed=1 "-runs=$FUZZ_RUNS") && rm -rf "$work"; }
  mkdir -p "$work"
  local dictionary=()
  [ -f "$corpora/$name.dict" ] && dictionary=("-dict=$corpora/$name.dict")
  local seeds=("$work" "$corpora/$name")
  [ "$name" = manifest ] && seeds+=("$corpora/../../../manifests" "$corpora/../../manifest/data")
  if ! "$target" "${seed[@]}" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 \
      -print_final_stats=1 -artifact_prefix="$work-" "${dictionary[@]}" "${seeds[@]}" >"$log" 2>&1; then
    printf '%-12s BROKEN after %d s; the input is named below\n' "$name" $((SECONDS - begun))
    tail -n 60 "$log"
    return 1
  fi
  printf '%-12s %9s inputs in %d s\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
    $((SECONDS - begun))
}

failed=0
for target in "$@"; do
  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n || failed=1; done
  fuzz "$target" &
done
for job in $(jobs -p); do wait "$job" || failed=1; done
exit $failed
