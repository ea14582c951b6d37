#!/usr/bin/env bash
# A signer (cpsctl help hooks): a small CA of one's own, by openssl and jq. It is made on first use. For trying things
# out, and as a beginning: the key of a real CA does not lie in a file.
#
#   signers:
#     own-ca: { exec: [./openssl-ca.sh], config: { folder: .ca, organisation: Example Corp, days: 90 } }
#
# folder: where the CA lives, below the project or absolute (or CA_FOLDER, by --hook-env own-ca=CA_FOLDER).
# The same request gets the same certificates again, also after a crash.
set -euo pipefail
umask 077

question=$(cat)
ask() { jq -r "$1" <<<"$question"; }
fail() {
  echo "$1" >&2
  exit 1
}

[ "$(ask .operation)" = sign ] || fail "this program signs, and was asked to $(ask .operation)"
request=$(ask .request)
[[ $request =~ ^[0-9a-f]{64}$ ]] || fail "the request's id is not one"
folder=$(ask '.config.folder // env.CA_FOLDER // empty')
[ -n "$folder" ] || fail "no folder for the CA: set config.folder, or grant CA_FOLDER"
days=$(ask '.days // .config.days // 90')
[[ $days =~ ^[1-9][0-9]{0,3}$ ]] || fail "a lifetime of $days days cannot be had"
organisation=$(ask '.config.organisation // "Own CA"')
[[ $organisation =~ ^[A-Za-z0-9\ ._-]+$ ]] || fail "config.organisation is not made of letters, digits and blanks"

# Names go into a configuration of openssl: what is no host name could mean something there.
names=
while IFS= read -r name; do
  [[ $name =~ ^[A-Za-z0-9*._-]+$ ]] || fail "a host name is not one"
  names+=",DNS:$name"
done < <(ask '.enrollment.dnsNames[]')
[ -n "$names" ] || fail "there are no host names"

mkdir -p "$folder/issued"
[ -e "$folder/.gitignore" ] || echo '*' >"$folder/.gitignore"  # there is a key in it
exec 9>"$folder/lock"
flock 9  # requests come several at once

answer=$folder/issued/$request.json
if [ -e "$answer" ]; then
  cat "$answer"
  exit
fi

work=$(mktemp -d "$folder/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
if [ ! -e "$folder/ca.pem" ]; then
  openssl req -x509 -newkey rsa:3072 -noenc -keyout "$work/ca.key" -out "$work/ca.pem" -days 3650 -sha256 \
    -subj "/O=$organisation/CN=$organisation Root" -addext keyUsage=critical,keyCertSign,cRLSign 2>"$work/log" ||
    { cat "$work/log" >&2; fail "the CA cannot be made"; }
  mv "$work/ca.key" "$folder/ca.key"
  mv "$work/ca.pem" "$folder/ca.pem"  # last: with it the CA is there
  echo "made a CA in $folder; clients trust it by $folder/ca.pem" >&2
fi

printf '%s\n' basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature,keyEncipherment \
  extendedKeyUsage=serverAuth subjectKeyIdentifier=hash authorityKeyIdentifier=keyid \
  "subjectAltName=${names#,}" >"$work/RSA"
sed 's/,keyEncipherment//' "$work/RSA" >"$work/ECDSA"
certificates='[]'
count=$(ask '.csrs | length')
for ((i = 0; i < count; i++)); do
  algorithm=$(ask ".csrs[$i].keyAlgorithm")
  [ -e "$work/${algorithm//\//}" ] || fail "$algorithm keys are not signed here"
  ask ".csrs[$i].csr" >"$work/csr"
  openssl x509 -req -in "$work/csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
    -days "$days" -sha256 -extfile "$work/${algorithm//\//}" -out "$work/pem" 2>"$work/log" ||
    { cat "$work/log" >&2; fail "the $algorithm CSR cannot be signed"; }
  certificates=$(jq --rawfile certificate "$work/pem" --rawfile chain "$folder/ca.pem" \
    '. + [{ certificate: $certificate, trustChain: $chain }]' <<<"$certificates")
done
jq -n --arg request "$request" --argjson certificates "$certificates" '{ $request, $certificates }' >"$work/answer"
mv "$work/answer" "$answer"
echo "signed $count CSRs for $(ask .enrollment.name), $days days" >&2
cat "$answer"
