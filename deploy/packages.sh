#!/usr/bin/env bash
# Installs Debian packages unless they are there already. Used by quickstart.sh and tests/run.sh.
#   deploy/packages.sh build        what building cpsctl needs
#   deploy/packages.sh build test   and what its tests and checks need
set -euo pipefail

packages_build=(
  ca-certificates ccache clang-16 cmake doctest-dev g++ lld-16 ninja-build pkg-config
  libboost1.81-dev libcli11-dev libcmark-gfm-dev libcmark-gfm-extensions-dev libfmt-dev libidn2-dev libldns-dev
  libspdlog-dev libssl-dev libunistring-dev libyaml-cpp-dev rapidjson-dev
)
packages_test=(bind9 bind9-dnsutils binutils clang-format-16 clang-tidy-16 curl git jq libclang-rt-16-dev llvm-16 mandoc
  openssl python3 python3-yaml)

wanted=()
for group in "${@:-build}"; do
  case $group in
    build) wanted+=("${packages_build[@]}") ;;
    test) wanted+=("${packages_test[@]}") ;;
    *) echo "packages.sh: unknown group '$group' (build, test)" >&2; exit 64 ;;
  esac
done

if ! command -v dpkg-query >/dev/null; then
  echo "packages.sh: this is not a Debian system; install what corresponds to: ${wanted[*]}" >&2
  exit 69
fi
missing=()
for package in "${wanted[@]}"; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "packages.sh: run as root, or install sudo; missing: ${missing[*]}" >&2; exit 77; }
  as_root=(sudo)
fi
echo "Installing ${#missing[@]} packages: ${missing[*]}"
install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}
log=$(mktemp)
policy=/usr/sbin/policy-rc.d
made_policy=
cleanup() {
  rm -f "$log"
  [ -z "$made_policy" ] || "${as_root[@]}" rm -f "$policy"
}
trap cleanup EXIT
# Tests run named themselves: what is installed here starts no service. A policy that is there stays as it is.
if [ ! -e "$policy" ]; then
  made_policy=yes
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
fi
# The package lists of a new system are empty, those of an old one out of date: refreshed when the first try fails.
install >"$log" 2>&1 || {
  "${as_root[@]}" apt-get update -qq >"$log" 2>&1 && install >>"$log" 2>&1
} || {
  cat "$log" >&2
  echo "packages.sh: apt-get could not install: ${missing[*]}" >&2
  exit 69
}
