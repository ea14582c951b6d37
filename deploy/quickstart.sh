#!/usr/bin/env bash
# Installs what building needs, builds cpsctl, and runs its main job against the embedded CPS: no account is needed and
# nothing outside build/ is touched. Run it as often as you like.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' faint=$'\e[2m' plain=$'\e[0m'; else bold='' faint='' plain=''; fi
step() { printf '\n%s== %s%s\n' "$bold" "$1" "$plain"; }

step "1  Packages"
deploy/packages.sh build
echo "all there"

step "2  Build (release)"
log=build/quickstart-build.log
mkdir -p build
{ cmake --preset release && cmake --build --preset release --target cpsctl; } >"$log" 2>&1 || {
  tail -n 40 "$log" >&2
  echo "the build failed; all of its output is in $log" >&2
  exit 1
}
echo "build/release/$(build/release/cpsctl version)"

# Everything that the demonstration makes stays below build/, and each run begins anew.
demo=build/quickstart
rm -rf "$demo"
run() { printf '%s$ cpsctl %s%s\n' "$faint" "$*" "$plain"; build/release/cpsctl "$@"; }

step "3  Check the manifests, offline"
run validate manifests

step "4  Plan: what would be done, without doing it"
run plan --sandbox="$demo" manifests

step "5  Apply: order the certificates from the embedded CPS"
run apply --sandbox="$demo" --quiet --yes manifests 2>/dev/null

step "6  Plan again: nothing is left to do, and asking cost one request"
run plan --sandbox="$demo" --detailed-exitcode manifests

step "7  What cpsctl remembers"
run state list --sandbox="$demo"

cat <<EOF

${bold}That was the whole job.${plain} The same with a real account, which needs an API client with a grant for CPS:
  1. put its credentials into ~/.edgerc               cpsctl help credentials
  2. write your enrollments                           cpsctl help manifests
  3. build/release/cpsctl plan certificates/          reads only
  4. build/release/cpsctl apply certificates/         asks before it writes
EOF
