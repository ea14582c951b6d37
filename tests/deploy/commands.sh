#!/usr/bin/env bash
# Runs the command lines that deploy/ and the documents show, as they stand there, against the embedded CPS:
# the systemd service, the CI job, and every fenced ```sh block of README.md and the help pages that calls cpsctl.
set -euo pipefail
program=$(realpath "$1")
source=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset AKAMAI_EDGERC AKAMAI_HOST CPSCTL_CONFIG

# A project like the one the documents speak of: manifests in certificates/, cpsctl in PATH.
mkdir "$work/bin" "$work/log"
cp -r manifests "$work/certificates"
cp -r manifests "$work/manifests"
ran=0
cat >"$work/bin/cpsctl" <<SCRIPT
#!/usr/bin/env bash
case \$1 in
  plan | apply | status | import) exec "$program" "\$@" --sandbox="$work/cps" </dev/null ;;
  *) exec "$program" "\$@" </dev/null ;;
esac
SCRIPT
chmod +x "$work/bin/cpsctl"
export PATH=$work/bin:$PATH

check() {
  local from=$1 line=$2 code=0
  (cd "$work" && bash -c "$line") >"$work/log/out" 2>&1 || code=$?
  ran=$((ran + 1))
  if [ "$code" -ne 0 ]; then
    printf '%s\n  %s\n  exit %d\n' "$from" "$line" "$code" >&2
    cat "$work/log/out" >&2
    exit 1
  fi
}

# The job file: what follows "- cpsctl" under script.
while IFS= read -r line; do check deploy/ci/gitlab-ci.yml "$line"; done \
  < <(sed -n 's/^ *- \(cpsctl .*\)$/\1/p' deploy/ci/gitlab-ci.yml)

# The service: with the folders of the machine moved to ours.
line=$(sed -n 's|^ExecStart=/usr/bin/||p' "$source/deploy/systemd/cpsctl.service")
line=${line//\/var\/lib\/cpsctl/$work}
check deploy/systemd/cpsctl.service "${line//\/etc\/cpsctl/$work}"

for page in README.md reconciler/cli/help/*.md; do
  while IFS= read -r line; do check "$page" "$line"; done \
    < <(awk '/^```/ { inside = ($0 == "```sh"); next } inside && sub(/^(\$ )?cpsctl /, "cpsctl ") { print }' "$page")
done
[ "$ran" -ge 4 ] || { echo "only $ran command lines found" >&2; exit 1; }
echo "$ran command lines work"
