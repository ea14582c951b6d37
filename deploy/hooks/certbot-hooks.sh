#!/usr/bin/env bash
# A publisher (cpsctl help hooks) that calls hooks written for certbot (--manual-auth-hook, --manual-cleanup-hook), by
# jq.
#
#   publishers:
#     ours: { zones: [acme.example.com], exec: [./certbot-hooks.sh] }
#
#   cpsctl apply --hook-env ours=AUTH_HOOK --hook-env ours=CLEANUP_HOOK --hook-env ours=DNS_TOKEN …
#
# AUTH_HOOK and CLEANUP_HOOK: command lines, run by sh as certbot runs them; they come from the operator alone, and so
# does what they need (here DNS_TOKEN). They are told CERTBOT_DOMAIN, CERTBOT_VALIDATION, CERTBOT_REMAINING_CHALLENGES,
# CERTBOT_ALL_DOMAINS, and at cleanup CERTBOT_AUTH_OUTPUT, and have to add and remove the one value. A hook of certbot
# makes the record's name itself, _acme-challenge.CERTBOT_DOMAIN, and follows no CNAME: CERTBOT_DOMAIN is taken from the
# end of the CNAMEs, so they must lead to a name that begins with _acme-challenge.
set -euo pipefail
umask 077

question=$(cat)
ask() { jq -r "$1" <<<"$question"; }
fail() {
  echo "$1" >&2
  exit 1
}

case $(ask .operation) in
  publish) variable=AUTH_HOOK ;;
  withdraw) variable=CLEANUP_HOOK ;;
  *) fail "this program publishes and withdraws, and was asked to $(ask .operation)" ;;
esac
[ "$(ask '.files | length')" = 0 ] || fail "this program publishes TXT records, and was asked for files"
hook=${!variable:-}
[ -n "$hook" ] || fail "no command: grant $variable (--hook-env), as certbot has it in --manual-…-hook"

# Hooks put them into commands and URLs: no other letters than those of names and tokens.
jq -e 'all(.records[]; (.target | test("\\A[A-Za-z0-9_][A-Za-z0-9_.-]*\\.\\z"))
    and (.value | test("\\A[A-Za-z0-9_-]{1,255}\\z")))' <<<"$question" >/dev/null ||
  fail "a record's name or value is not one of a token"
other=$(ask '[.records[].target | select(startswith("_acme-challenge.") | not)] | first // empty')
[ -z "$other" ] ||
  fail "a certbot hook cannot write $other: let the CNAME lead to a name that begins with _acme-challenge."

CERTBOT_ALL_DOMAINS=$(ask '[.records[].target | ltrimstr("_acme-challenge.") | rtrimstr(".")] | unique | join(",")')
export CERTBOT_ALL_DOMAINS
# What the first hooks said, by value. Without it (after a crash, say) a cleanup is told nothing.
kept=$(jq '.reference // "{}" | fromjson? // {} | if type == "object" then . else {} end' <<<"$question")
said='{}'
count=$(ask '.records | length')
for ((i = 0; i < count; i++)); do
  target=$(ask ".records[$i].target")
  value=$(ask ".records[$i].value")
  domain=${target#_acme-challenge.}
  before=$(jq -r --arg value "$value" '.[$value] // ""' <<<"$kept")
  status=0
  output=$(CERTBOT_DOMAIN=${domain%.} CERTBOT_VALIDATION=$value CERTBOT_REMAINING_CHALLENGES=$((count - i - 1)) \
    CERTBOT_AUTH_OUTPUT=$before sh -c "$hook" </dev/null) || status=$?
  [ "$status" = 0 ] || fail "$variable ended with exit code $status for ${domain%.}; what it said is above"
  [ -z "$output" ] || said=$(jq -c --arg value "$value" --arg output "$output" '.[$value] = $output' <<<"$said")
done
# cpsctl keeps a reference of 4096 bytes.
if [ "$variable" = AUTH_HOOK ] && [ "$said" != '{}' ] && [ "${#said}" -le 4000 ]; then
  jq -n --arg request "$(ask .request)" --arg reference "$said" '{ $request, $reference }'
else
  jq -n --arg request "$(ask .request)" '{ $request }'
fi
