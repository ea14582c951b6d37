#!/usr/bin/env bash
# A publisher (cpsctl help hooks): TXT records by nsupdate (bind9-dnsutils) and jq. cpsctl's own rfc2136 does the same
# without a program; this one is for what nsupdate alone can do, and a beginning for one's own.
#
#   publishers:
#     corp-dns: { zones: [acme.example.com], exec: [./nsupdate.sh] }
#
#   cpsctl apply --hook-env corp-dns=NSUPDATE_SERVER --hook-env corp-dns=NSUPDATE_KEY …
#
# NSUPDATE_SERVER: the zones' primary server. NSUPDATE_KEY: a file with the TSIG key, as tsig-keygen writes it.
# NSUPDATE_PORT where it is not 53. They come from the operator alone, so that no change of the repository sends updates
# elsewhere. Single values are added and taken away; both may be done twice.
set -euo pipefail
umask 077

question=$(cat)
ask() { jq -r "$1" <<<"$question"; }
fail() {
  echo "$1" >&2
  exit 1
}

way=$(ask .operation)
[[ $way =~ ^(publish|withdraw)$ ]] || fail "this program publishes and withdraws, and was asked to $way"
[ "$(ask '.files | length')" = 0 ] || fail "this program publishes TXT records, and was asked for files"
[[ ${NSUPDATE_SERVER:-} =~ ^[A-Za-z0-9:][A-Za-z0-9.:-]*$ ]] ||
  fail "no name or address of a server: grant NSUPDATE_SERVER (--hook-env)"
[[ ${NSUPDATE_PORT:-53} =~ ^[1-9][0-9]{0,4}$ ]] || fail "NSUPDATE_PORT is not the number of a port"
[[ ${NSUPDATE_KEY:-} == /* && -r $NSUPDATE_KEY ]] ||
  fail "no key: grant NSUPDATE_KEY (--hook-env), the absolute path of a key file that can be read"

# They go into nsupdate's commands: what is neither a name nor a token could mean something there.
jq -e 'def is_name: test("\\A[A-Za-z0-9_*][A-Za-z0-9_*.-]*\\.\\z");
  all(.records[]; (.target | is_name) and (.zone == null or (.zone | is_name))
    and (.value | test("\\A[A-Za-z0-9_-]{1,255}\\z")))' <<<"$question" >/dev/null ||
  fail "a record's name or value is not one of a token"

# What belongs to one zone is one update; nsupdate finds the zone of a record that comes without one.
commands=$(jq -r --arg way "$way" '.records | group_by(.zone)[] | (if .[0].zone then . else (.[] | [.]) end)
  | (.[0].zone // empty | "zone \(.)"),
    (.[] | if $way == "publish" then "update add \(.target) \(.ttl | floor) IN TXT \"\(.value)\""
           else "update delete \(.target) IN TXT \"\(.value)\"" end),
    "send"' <<<"$question")
if [ -n "$commands" ]; then
  printf 'server %s %s\n%s\n' "$NSUPDATE_SERVER" "${NSUPDATE_PORT:-53}" "$commands" | nsupdate -k "$NSUPDATE_KEY" >&2 ||
    fail "NSUPDATE_SERVER does not take the update (see above); may this key change TXT records of these names there?"
fi
echo "$way: $(ask '.records | length') values for $(ask .enrollment.name)" >&2
jq -n --arg request "$(ask .request)" '{ $request }'
