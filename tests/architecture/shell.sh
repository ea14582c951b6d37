#!/usr/bin/env bash
# Every shell script parses and can be started.
set -euo pipefail
for script in deploy/*.sh deploy/hooks/*.sh tests/run.sh tests/*/*.sh .ci/run; do
  bash -n "$script"
  [ -x "$script" ] || { echo "$script is not executable" >&2; exit 1; }
done
