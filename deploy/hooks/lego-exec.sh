#!/usr/bin/env bash
# A publisher (cpsctl help hooks) that calls a script written for lego's provider `exec`, by jq:
# SCRIPT present|cleanup FQDN VALUE.
#
#   publishers:
#     ours: { zones: [acme.example.com], exec: [./lego-exec.sh] }
#
#   cpsctl apply --hook-env ours=EXEC_PATH --hook-env ours=DNS_TOKEN …
#
# EXEC_PATH: the script, an absolute path; it comes from the operator alone, and so does what the script needs (here
# DNS_TOKEN). As with lego, FQDN is the name after following CNAMEs. Of a name with several values the script has to add
# and remove the one that it is told; it is called again for a value that is there. EXEC_MODE=RAW cannot be served: such
# a script makes the value from the key authorization, of which CPS shows the digest alone.
set -euo pipefail
umask 077

question=$(cat)
ask() { jq -r "$1" <<<"$question"; }
fail() {
  echo "$1" >&2
  exit 1
}

case $(ask .operation) in
  publish) verb=present ;;
  withdraw) verb=cleanup ;;
  *) fail "this program publishes and withdraws, and was asked to $(ask .operation)" ;;
esac
[ "$(ask '.files | length')" = 0 ] || fail "this program publishes TXT records, and was asked for files"
[[ ${EXEC_PATH:-} == /* && -x $EXEC_PATH && ! -d $EXEC_PATH ]] ||
  fail "no script: grant EXEC_PATH (--hook-env), the absolute path of a program"
[ "${EXEC_MODE:-}" != RAW ] ||
  fail "EXEC_MODE=RAW wants the key authorization, which CPS does not show: use the script's mode with FQDN and value"

# Scripts put them into commands and URLs: no other letters than those of names and tokens.
jq -e 'all(.records[]; (.target | test("\\A[A-Za-z0-9_][A-Za-z0-9_.-]*\\.\\z"))
    and (.value | test("\\A[A-Za-z0-9_-]{1,255}\\z")))' <<<"$question" >/dev/null ||
  fail "a record's name or value is not one of a token"

count=$(ask '.records | length')
for ((i = 0; i < count; i++)); do
  target=$(ask ".records[$i].target")
  status=0
  "$EXEC_PATH" "$verb" "$target" "$(ask ".records[$i].value")" </dev/null >&2 || status=$?
  [ "$status" = 0 ] || fail "${EXEC_PATH##*/} $verb $target ended with exit code $status; what it said is above"
done
jq -n --arg request "$(ask .request)" '{ $request }'
