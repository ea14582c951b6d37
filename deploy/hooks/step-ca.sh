#!/usr/bin/env bash
# A signer (cpsctl help hooks): Smallstep's step-ca with a JWK provisioner, by curl, jq and openssl.
#
#   signers:
#     step: { exec: [./step-ca.sh], config: { provisioner: cpsctl, keyId: 4f0c…, days: 90 } }
#
#   cpsctl apply --hook-env step=STEP_CA_URL --hook-env step=STEP_PROVISIONER_KEY --hook-env step=STEP_ROOT …
#
# STEP_CA_URL: the CA. STEP_PROVISIONER_KEY: a file with the provisioner's EC P-256 key in PEM, not encrypted
# (`step crypto jwe decrypt` and `step crypto key format` give it). STEP_ROOT: a file with the CA's root. They come from
# the operator alone, so that no change of the repository has something signed elsewhere. keyId: the provisioner's `kid`.
# The provisioner must allow the lifetime: step-ca's own default is 24 hours.
set -euo pipefail
umask 077

question=$(cat)
ask() { jq -r "$1" <<<"$question"; }
fail() {
  echo "$1" >&2
  exit 1
}

[ "$(ask .operation)" = sign ] || fail "this program signs, and was asked to $(ask .operation)"
[[ ${STEP_CA_URL:-} == https://* ]] || fail "no https address of step-ca: grant STEP_CA_URL (--hook-env)"
[ -r "${STEP_PROVISIONER_KEY:-}" ] || fail "no key of the provisioner: grant STEP_PROVISIONER_KEY (--hook-env)"
[ -r "${STEP_ROOT:-}" ] || fail "no root of step-ca: grant STEP_ROOT (--hook-env)"
[ -n "$(ask '.config.provisioner // empty')" ] || fail "config.provisioner is missing"
[ -n "$(ask '.config.keyId // empty')" ] || fail "config.keyId is missing"
days=$(ask '.days // .config.days // 90')
[[ $days =~ ^[1-9][0-9]{0,3}$ ]] || fail "a lifetime of $days days cannot be had"
sign=${STEP_CA_URL%/}/1.0/sign

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
url64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# A token that lets one CSR be signed once: ES256, whose signature is the two numbers in 32 bytes each (RFC 7518 3.4).
token() {
  local now parts signed numbers
  now=$(date +%s)
  jq -cj '{ alg: "ES256", typ: "JWT", kid: .config.keyId }' <<<"$question" | url64 >"$work/head"
  jq -cj --argjson now "$now" --arg sign "$sign" --arg id "$(openssl rand -hex 16)" '{ aud: $sign,
    iss: .config.provisioner, sub: .enrollment.commonName, sans: .enrollment.dnsNames, jti: $id, iat: $now,
    nbf: ($now - 30), exp: ($now + 300) }' <<<"$question" | url64 >"$work/claims"
  parts=$(<"$work/head").$(<"$work/claims")
  numbers=$(printf %s "$parts" | openssl dgst -sha256 -sign "$STEP_PROVISIONER_KEY" | openssl asn1parse -inform DER |
    sed -n 's/.*INTEGER *://p') || return
  signed=$(for number in $numbers; do printf '%064s' "$number" | tr ' ' 0; done)
  [ "${#signed}" -eq 128 ] || return
  printf '%s.%s' "$parts" "$(printf "$(sed 's/../\\x&/g' <<<"$signed")" | url64)"
}

certificates='[]'
count=$(ask '.csrs | length')
for ((i = 0; i < count; i++)); do
  token >"$work/token" || fail "the provisioner's key signs no token: is it an EC P-256 key in PEM?"
  jq --argjson i "$i" --rawfile token "$work/token" --arg lifetime "$((days * 24))h" \
    '{ csr: .csrs[$i].csr, ott: $token, notAfter: $lifetime }' <<<"$question" >"$work/body"
  status=$(curl --silent --show-error --max-time 60 --cacert "$STEP_ROOT" --header 'Content-Type: application/json' \
    --data-binary @"$work/body" --output "$work/answer" --write-out '%{http_code}' "$sign") ||
    fail "step-ca cannot be reached"
  [ "$status" = 201 ] ||
    fail "step-ca answers $status: $(jq -r '.message // "no reason"' "$work/answer" 2>/dev/null || echo 'no JSON')"
  # certChain begins with the leaf.
  certificates=$(jq --argjson before "$certificates" \
    '$before + [{ certificate: .crt, trustChain: ((.certChain // [.crt, .ca])[1:] | join("\n")) }]' "$work/answer") ||
    fail "the answer of step-ca holds no certificate"
done
echo "signed $count CSRs for $(ask .enrollment.name), $days days" >&2
jq -n --arg request "$(ask .request)" --argjson certificates "$certificates" '{ $request, $certificates }'
