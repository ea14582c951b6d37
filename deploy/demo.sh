#!/usr/bin/env bash
# The main job on manifests/, against the embedded CPS: order, find what somebody changed elsewhere, set it back.
#   deploy/demo.sh PROGRAM FOLDER    everything that it makes is in FOLDER, which is deleted first
# DEMO_STEP and DEMO_STEPS count on from the steps of the caller.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=$1 demo=$2
count=${DEMO_STEP:-0} steps=${DEMO_STEPS:-4}

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' faint=$'\e[2m' plain=$'\e[0m'; else bold='' faint='' plain=''; fi
step() {
  count=$((count + 1))
  printf '\n%s== step %s of %s: %s%s\n' "$bold" "$count" "$steps" "$1" "$plain"
}
run() {
  printf '%s$ cpsctl %s%s\n' "$faint" "$*" "$plain"
  "$program" "$@"
}
# The sandbox's changes end at once, so that what follows finds certificates in production.
cps=(--sandbox="$demo" --complete-after 0s)

rm -rf "$demo"
mkdir -p "$demo"

step "check the manifests, offline"
run validate manifests

step "apply: orders the certificates from the embedded CPS"
run apply "${cps[@]}" --quiet --yes manifests

# A colleague who works outside git: played by a second cpsctl with files and a state of its own.
elsewhere=$demo/elsewhere
mkdir -p "$elsewhere"
cp manifests/profiles.yaml "$elsewhere"
sed -e 's/, pay.example.com//' -e 's/^  enrollment:/  lifecycle: { adopt: always }\n  enrollment:\n    networkConfiguration: { quicEnabled: false }/' \
  manifests/dv-san.yaml >"$elsewhere/shop.yaml"
"$program" apply "${cps[@]}" --state "$elsewhere/state.json" --quiet --yes "$elsewhere" >"$demo/elsewhere.log" 2>&1 || {
  cat "$demo/elsewhere.log" >&2
  exit 1
}

step "somebody has changed shop-example-com in Control Center meanwhile; the plan finds it"
run plan "${cps[@]}" manifests

step "set it back; after that nothing is left to do, and asking cost one request"
run apply "${cps[@]}" --quiet --yes manifests
run plan "${cps[@]}" --detailed-exitcode manifests
