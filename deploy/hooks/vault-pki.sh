#!/usr/bin/env bash
# A signer (cpsctl help hooks): HashiCorp Vault's PKI engine (or OpenBao's), by curl and jq.
#
#   signers:
#     vault: { exec: [./vault-pki.sh], config: { mount: pki, role: edge, days: 90 } }
#
#   cpsctl apply --hook-env vault=VAULT_ADDR --hook-env vault=VAULT_TOKEN …
#
# Address and token come from the operator alone, so that no change of the repository sends the token elsewhere. Also
# granted that way, where they are needed: VAULT_CACERT (a file), VAULT_NAMESPACE. The role must allow the names, with
# use_csr_common_name and use_csr_sans (Vault's defaults). Vault signs anew each time that it is asked.
set -euo pipefail
umask 077

question=$(cat)
ask() { jq -r "$1" <<<"$question"; }
fail() {
  echo "$1" >&2
  exit 1
}

[ "$(ask .operation)" = sign ] || fail "this program signs, and was asked to $(ask .operation)"
[[ ${VAULT_ADDR:-} == https://* || ${VAULT_ADDR:-} =~ ^http://(127\.0\.0\.1|localhost)(:|/|$) ]] ||
  fail "no https address of Vault: grant VAULT_ADDR (--hook-env)"
[ -n "${VAULT_TOKEN:-}" ] || fail "no token: grant VAULT_TOKEN (--hook-env)"
mount=$(ask '.config.mount // "pki"')
role=$(ask '.config.role // empty')
[[ $mount =~ ^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$ ]] || fail "config.mount is no path of Vault's"
[[ $role =~ ^[A-Za-z0-9_.-]+$ ]] || fail "config.role is missing, or is no name of a role"
days=$(ask '.days // .config.days // empty')
[[ $days =~ ^([1-9][0-9]{0,3})?$ ]] || fail "a lifetime of $days days cannot be had"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Not among the arguments, which everybody on the machine can read.
printf 'X-Vault-Token: %s\n' "$VAULT_TOKEN" >"$work/headers"
[ -z "${VAULT_NAMESPACE:-}" ] || printf 'X-Vault-Namespace: %s\n' "$VAULT_NAMESPACE" >>"$work/headers"

certificates='[]'
count=$(ask '.csrs | length')
for ((i = 0; i < count; i++)); do
  jq --argjson i "$i" --arg days "$days" '{ csr: .csrs[$i].csr, common_name: .enrollment.commonName,
      alt_names: (.enrollment.dnsNames | join(",")), format: "pem" }
    + (if $days == "" then {} else { ttl: "\(($days | tonumber) * 24)h" } end)' <<<"$question" >"$work/body"
  # Vault says in JSON why it does not sign.
  status=$(curl --silent --show-error --max-time 60 ${VAULT_CACERT:+--cacert "$VAULT_CACERT"} --header @"$work/headers" \
    --header 'Content-Type: application/json' --data-binary @"$work/body" --output "$work/answer" \
    --write-out '%{http_code}' "${VAULT_ADDR%/}/v1/$mount/sign/$role") || fail "Vault cannot be reached"
  [ "$status" = 200 ] ||
    fail "Vault answers $status: $(jq -r '.errors // [] | join("; ")' "$work/answer" 2>/dev/null || echo 'no JSON')"
  # The chain comes without order, and maybe with the root: whoever reads it sorts it by signature.
  certificates=$(jq --argjson before "$certificates" '.data
    | $before + [{ certificate, trustChain: ((.ca_chain // [.issuing_ca]) | join("\n")) }]' "$work/answer") ||
    fail "Vault's answer holds no certificate"
done
echo "signed $count CSRs for $(ask .enrollment.name)" >&2
jq -n --arg request "$(ask .request)" --argjson certificates "$certificates" '{ $request, $certificates }'
