#!/usr/bin/env bash
# Installs what building needs, builds cpsctl, and runs its main job against the embedded CPS: no account is needed and
# nothing outside build/ is touched. Run it as often as you like.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

printf '%s== step 1 of 6: packages%s\n' "$bold" "$plain"
deploy/packages.sh build
echo "  all there"

printf '\n%s== step 2 of 6: build build/release/cpsctl%s\n' "$bold" "$plain"
deploy/build.sh release build/quickstart-build.log cpsctl

DEMO_STEP=2 DEMO_STEPS=6 deploy/demo.sh build/release/cpsctl build/quickstart

cat <<END

${bold}That was the whole job.${plain} The same with a real account, which needs an API client with a grant for CPS:
  sudo install build/release/cpsctl /usr/local/bin/
  cpsctl help credentials            put the client's credentials into ~/.edgerc
  cpsctl help manifests              write your enrollments, or: cpsctl help import
  cpsctl plan certificates           reads only
  cpsctl apply certificates          shows the plan, and asks
END
