#!/usr/bin/env bash
# Looks into the program for what makes bugs in memory harder to use.
#   hardening.sh PROGRAM            what the linker does: PIE, RELRO, no lazy binding, no executable stack
#   hardening.sh PROGRAM ARCHIVE    and what the compiler does, in a module's archive (a build without sanitizers)
set -euo pipefail
program=$1
archive=${2:-}
if ! command -v readelf >/dev/null; then
  echo "SKIPPED: readelf is missing (package binutils), so nobody looked into $program" >&2
  exit 77
fi

failed=0
expect() { # what, then a command that must succeed
  local what=$1
  shift
  if ! "$@"; then
    echo "$program: $what" >&2
    failed=1
  fi
}
has() { grep -qE -- "$2" <<<"$1"; }
has_not() { ! has "$@"; }

header=$(readelf -hW "$program")
segments=$(readelf -lW "$program")
dynamic=$(readelf -dW "$program")
expect "is not a position-independent executable (-pie)" has "$header" 'Type: +DYN'
expect "does not say that it is one (DF_1_PIE)" has "$dynamic" 'FLAGS_1.*\bPIE\b'
expect "has no segment that becomes read-only (-z relro)" has "$segments" '^ +GNU_RELRO '
expect "binds lazily, so its table of functions stays writable (-z now)" has "$dynamic" 'BIND_NOW|FLAGS_1.*\bNOW\b'
expect "has no word about its stack" has "$segments" '^ +GNU_STACK '
expect "has an executable stack" has_not "$segments" '^ +GNU_STACK .* R?W?E +0x'
expect "has memory that is writable and executable" has_not "$segments" '^ +LOAD .* RWE '
expect "wants text relocations" has_not "$dynamic" 'TEXTREL'
expect "looks for libraries in folders of its own" has_not "$dynamic" 'RPATH|RUNPATH'

if [ -n "$archive" ]; then
  # Not in the program: the libraries that are linked into it were built by others, with flags of their own.
  symbols=$(readelf -sW "$archive" 2>/dev/null)
  expect "has functions without a canary on the stack (-fstack-protector-strong): $archive" \
    has "$symbols" 'UND __stack_chk_fail$'
  if has "$header" 'Machine: +Advanced Micro Devices X86-64'; then
    notes=$(readelf -nW "$archive" 2>/dev/null)
    expect "has targets of jumps that say nothing of it (-fcf-protection): $archive" has "$notes" 'IBT, SHSTK'
    expect "is only partly built with -fcf-protection: $archive" \
      [ "$(grep -c '^File: ' <<<"$notes")" -eq "$(grep -c 'IBT, SHSTK' <<<"$notes")" ]
  fi
fi
[ "$failed" -eq 0 ]
echo "$program is hardened"
