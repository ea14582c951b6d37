#!/usr/bin/env bash
# Runs the command lines that deploy/ and the documents show, as they stand there, against the embedded CPS:
# the systemd service, the CI jobs, and every fenced ```sh block of README.md and the help pages that calls cpsctl.
# Checks as well that the pipeline and the service are as tight as they say.
set -euo pipefail
program=$(realpath "$1")
source=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset AKAMAI_EDGERC AKAMAI_EDGERC_SECTION AKAMAI_HOST CPSCTL_CONFIG CPSCTL_STATE CPSCTL_ENV
python=python3
"$python" -c 'import yaml' 2>/dev/null || python=/usr/bin/python3  # Debian's python3-yaml is Debian's python's

# A project like the one the documents speak of: manifests in certificates/, cpsctl in PATH.
mkdir "$work/bin" "$work/log"
cp -r manifests "$work/certificates"
cp -r manifests "$work/manifests"
printf 'apiVersion: cpsctl.dev/v1\nkind: Project\n' >"$work/cpsctl.yaml"
ran=0
cat >"$work/bin/cpsctl" <<SCRIPT
#!/usr/bin/env bash
case "\$1 \${2:-}" in
  plan\ * | apply\ * | status\ * | import\ * | "state rebuild")
    exec "$program" "\$@" --sandbox="$work/cps" </dev/null ;;
  *) exec "$program" "\$@" </dev/null ;;
esac
SCRIPT
chmod +x "$work/bin/cpsctl"
export PATH=$work/bin:$PATH

fail() {
  echo "$1" >&2
  [ ! -e "$work/log/out" ] || cat "$work/log/out" >&2
  exit 1
}

# A line that stands in a file, in a folder; exits with the wanted code.
check_in() {
  local folder=$1 wanted=$2 from=$3 line=$4 code=0
  (cd "$folder" && bash -o pipefail -c "$line") >"$work/log/out" 2>&1 || code=$?
  ran=$((ran + 1))
  [ "$code" -eq "$wanted" ] || fail "$from"$'\n'"  $line"$'\n'"  exit $code instead of $wanted"
}
check() { check_in "$work" 0 "$@"; }

# The pipeline. What its checker finds, it finds in a pipeline that lacks it, too.
ci=deploy/ci/gitlab-ci.yml
"$python" "$source/tests/deploy/pipeline.py" "$ci" >"$work/jobs.txt" || fail "$ci is not as it should be"
for broken in 's/@sha256.*/:latest/' 's/access: .*/public: true/' '/expire_in:/d' 's/-\$CI_COMMIT_REF_PROTECTED$//' \
  's/policy: pull }/policy: pull-push }/' 's/, when: always }/ }/' '/^ *resource_group:/d' '/^ *environment:/d' \
  's/--section write/--section read/' 's/--section read/--section write/' 's/ --config [^ ]*//' 's/ --state [^ ]*//' \
  's/ --plan plan.json --approved [^ ]*/ certificates/' \
  '/^preview:/,/^plan:/s/extends: .cpsctl/extends: [.cpsctl, .state]/; /cache: \[\]/d' \
  '/^apply:/,$s/ && \$CI_COMMIT_REF_PROTECTED.*//' 's/^\( *- \)if: .*/\1when: always/'; do
  sed "$broken" "$ci" >"$work/broken.yml"
  ! cmp -s "$ci" "$work/broken.yml" || fail "$ci has nothing for $broken"
  if "$python" "$source/tests/deploy/pipeline.py" "$work/broken.yml" >/dev/null 2>"$work/log/out"; then
    fail "$ci passes with $broken"
  fi
  grep -q "^$work/broken.yml: job " "$work/log/out" || fail "nothing is said about $broken"
done

# A job begins with a checkout, and leaves it as it is for what follows.
job() {
  local name=$1 wanted=${2:-0} folder=$work/$1 line last=
  mkdir -p "$folder"
  cp -r "$work/certificates" "$work/cpsctl.yaml" "$folder"
  while IFS=$'\t' read -r of line; do
    [ "$of" = "$name" ] || continue
    last=$line
    check_in "$folder" "$wanted" "$ci, job $name" "$line"
  done <"$work/jobs.txt"
  [ -n "$last" ] || fail "$ci has no job $name"
}
says() { grep -qF -- "$1" "$work/log/out" || fail "not said: $1"; }
for round in first second; do
  rm -rf "$work"/{validate,preview,plan}
  job validate
  mkdir "$work/plan"
  [ "$round" = first ] || cp -r "$work/apply/.cpsctl" "$work/plan"  # the cache
  job preview
  [ "$round" = first ] || says "No changes"
  job plan
  cp "$work/plan/plan.json" "$work/plan/plan.env" "$work/log"
  grep -qE '^PLAN_DIGEST=[0-9a-f]{64}$' "$work/plan/plan.env" || fail "$ci hands no digest on"
  [ "$round" = first ] || grep -q '"unchanged": *4' "$work/plan/plan.json" || fail "$ci plans what was applied"
  mkdir -p "$work/apply"
  cp "$work/plan/plan.json" "$work/apply"
  # Nobody has approved it, or another one.
  PLAN_DIGEST='' job apply 4
  PLAN_DIGEST=$(printf '0%.0s' {1..64}) job apply 4
  says "not the plan that was approved"
  (
    set -a
    # shellcheck source=/dev/null
    . "$work/plan/plan.env"
    job apply
  )
  ran=$((ran + 1))
done

# The service: with the folders of the machine moved to ours.
unit=deploy/systemd/cpsctl.service
line=$(sed -n 's|^ExecStart=/usr/bin/||p' "$source/$unit")
line=${line//\/var\/lib\/cpsctl/$work}
check "$unit" "${line//\/etc\/cpsctl/$work}"
if command -v systemd-analyze >/dev/null && systemd-analyze security --help 2>/dev/null | grep -q -- --threshold; then
  systemd-analyze security --offline=yes --threshold=20 --no-pager "$source/$unit" >"$work/log/out" 2>&1 ||
    fail "$unit is more exposed than 2.0"
fi

for page in README.md reconciler/cli/help/*.md; do
  while IFS= read -r line; do check "$page" "$line"; done \
    < <(awk '/^```/ { inside = ($0 == "```sh"); next } inside && sub(/^(\$ )?cpsctl /, "cpsctl ") { print }' "$page")
done
[ "$ran" -ge 20 ] || fail "only $ran command lines found"
echo "$ran command lines work"
