#!/usr/bin/env bash
# Every schema and every help topic is in the program, and is printed.
set -euo pipefail
program=$1
for file in schemas/*.schema.json; do
  name=$(basename "$file" .schema.json)
  # Printed schemas are complete: what they extend or refer to is merged in. The title tells that it is this one.
  "$program" schema "$name" | python3 -c '
import json, sys
printed, source = json.load(sys.stdin), json.load(open(sys.argv[1]))
sys.exit(printed.get("title") != source["title"])' "$file" || { echo "cpsctl schema $name is not $file" >&2; exit 1; }
done
for file in reconciler/cli/help/*.md; do
  name=$(basename "$file" .md)
  text=$("$program" help "$name")
  [[ $text == "$(cat "$file")"* ]] || { echo "cpsctl help $name does not begin with $file" >&2; exit 1; }
  head -n 1 "$file" | grep -q '^# ' || { echo "$file does not begin with a title" >&2; exit 1; }
done
