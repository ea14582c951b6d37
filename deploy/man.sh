#!/usr/bin/env bash
# Writes the manual as man pages, for a package or for `man -M DIR cpsctl`.
#   deploy/man.sh DIR [PROGRAM]   DIR/man1/cpsctl.1 and so on, as PROGRAM (default: cpsctl in the PATH) has them
set -euo pipefail
[ $# -eq 1 ] || [ $# -eq 2 ] || { echo "usage: deploy/man.sh DIR [PROGRAM]" >&2; exit 64; }
folder=$1
program=${2:-cpsctl}

pages=$("$program" help --man pages)
while read -r file about; do
  section=$folder/man${file##*.}
  mkdir -p "$section"
  # shellcheck disable=SC2086  # "state mv" is two words
  "$program" help --man $about >"$section/$file"
done <<<"$pages"
