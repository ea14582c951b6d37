#!/usr/bin/env bash
# Runs the command lines that deploy/ and the documents show, as they are printed there:
#   - the CI jobs and the systemd service, with the variables and files that they ask for and an account of their own;
#   - every fenced ```sh block of README.md and the help pages, with no account at all, as whoever has just built it;
#   - the examples of every command's --help, in a project that has been applied to an account.
# An account is a cpsctl sandbox on loopback with its credentials. Every ```yaml block is held against its schema, too.
# Checks as well that the pipeline and the service are as tight as they say.
set -euo pipefail
program=$(realpath "$1")
source=$PWD
work=$(mktemp -d)
servers=()
cleanup() {
  [ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap cleanup EXIT
for variable in $(compgen -e | grep -E '^(AKAMAI|CPSCTL|GITHUB)_'); do unset "$variable"; done
python=python3
export PYTHONDONTWRITEBYTECODE=1  # a test leaves nothing among the sources
"$python" -c 'import yaml' 2>/dev/null || python=/usr/bin/python3  # Debian's python3-yaml is Debian's python's

# A project like the one the documents speak of: manifests in certificates/ or manifests/, cpsctl in PATH, no account.
mkdir -p "$work/bin" "$work/log" "$work/project" "$work/nobody"
ln -s "$program" "$work/bin/cpsctl"
cp -r manifests "$work/project/certificates"
cp -r manifests "$work/project/manifests"
printf 'apiVersion: cpsctl.dev/v1\nkind: Project\n' >"$work/project/cpsctl.yaml"
ran=0
export PATH=$work/bin:$PATH HOME=$work/nobody XDG_STATE_HOME=$work/log

fail() {
  echo "$1" >&2
  [ ! -e "$work/log/out" ] || cat "$work/log/out" >&2
  exit 1
}

# A line of a page, in a folder; exits with the wanted code.
check_in() {
  local folder=$1 wanted=$2 from=$3 line=$4 code=0
  (cd "$folder" && bash -o pipefail -c "$line") >"$work/log/out" 2>&1 </dev/null || code=$?
  ran=$((ran + 1))
  [ "$code" -eq "$wanted" ] || fail "$from"$'\n'"  $line"$'\n'"  exit $code instead of $wanted"
}

# account NAME [SWITCH…]: an account of that name, whose credentials are $work/NAME/edgerc.
account() {
  local name=$1 patience=100
  shift
  "$program" sandbox --dir "$work/$name" "$@" >"$work/log/$name" 2>&1 &
  servers+=($!)
  until grep -q '^host' "$work/$name/edgerc" 2>/dev/null && grep -q "edgerc" "$work/log/$name"; do
    patience=$((patience - 1))
    [ "$patience" -gt 0 ] || fail "the account $name does not answer: $(cat "$work/log/$name")"
    sleep 0.1
  done
}
# in_account NAME COMMAND…: with its credentials in ~/.edgerc.
in_account() {
  local name=$1
  shift
  mkdir -p "$work/home-$name"
  cp "$work/$name/edgerc" "$work/home-$name/.edgerc"
  chmod 600 "$work/home-$name/.edgerc"
  (export HOME=$work/home-$name CPSCTL_CA_FILE=$work/$name/ca.pem CPSCTL_REQUEST_LIMIT=1000/60s && "$@")
}
# as_client NAME PREFIX COMMAND…: with its credentials in variables, as a CI system hands them over.
as_client() {
  local name=$1 prefix=$2 key value
  shift 2
  (
    export CPSCTL_CA_FILE=$work/$name/ca.pem CPSCTL_REQUEST_LIMIT=1000/60s
    for key in host client_token client_secret access_token; do
      value=$(sed -n "s/^$key *= *//p" "$work/$name/edgerc")
      export "AKAMAI_${prefix}_${key^^}=$value"
    done
    "$@"
  )
}

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
  grep -q "^$work/broken.yml: job " "$work/log/out" || fail "nothing is reported about $broken"
done

# A job begins with a checkout, and leaves it as it is for what follows.
job() {
  local name=$1 wanted=${2:-0} folder=$work/$1 line last=
  mkdir -p "$folder"
  cp -r "$work/project/certificates" "$work/project/cpsctl.yaml" "$folder"
  while IFS=$'\t' read -r of line; do
    [ "$of" = "$name" ] || continue
    last=$line
    check_in "$folder" "$wanted" "$ci, job $name" "$line"
  done <"$work/jobs.txt"
  [ -n "$last" ] || fail "$ci has no job $name"
}
says() { grep -qF -- "$1" "$work/log/out" || fail "not printed: $1"; }
account gitlab
for round in first second; do
  rm -rf "$work"/{validate,preview,plan}
  job validate
  mkdir "$work/plan"
  [ "$round" = first ] || cp -r "$work/apply/.cpsctl" "$work/plan"  # the cache
  as_client gitlab READ job preview
  [ "$round" = first ] || says "No changes"
  as_client gitlab READ job plan
  cp "$work/plan/plan.json" "$work/plan/plan.env" "$work/log"
  grep -qE '^PLAN_DIGEST=[0-9a-f]{64}$' "$work/plan/plan.env" || fail "$ci hands no digest on"
  [ "$round" = first ] || grep -q '"unchanged": *4' "$work/plan/plan.json" || fail "$ci plans what was applied"
  mkdir -p "$work/apply"
  cp "$work/plan/plan.json" "$work/apply"
  # Nobody has approved it, or another one.
  PLAN_DIGEST='' as_client gitlab WRITE job apply 4
  PLAN_DIGEST=$(printf '0%.0s' {1..64}) as_client gitlab WRITE job apply 4
  says "not the plan that was approved"
  (
    set -a
    # shellcheck source=/dev/null
    . "$work/plan/plan.env"
    as_client gitlab WRITE job apply
  )
  ran=$((ran + 1))
done
rm -rf "$work/apply/.cpsctl" "$work/rebuild"  # the cache is lost
as_client gitlab READ job rebuild
rm -rf "$work/plan"
mkdir "$work/plan"
cp -r "$work/rebuild/.cpsctl" "$work/plan"
as_client gitlab READ job plan
grep -q '"unchanged": *4' "$work/plan/plan.json" || fail "$ci: job rebuild leaves something to do"

# The workflow, in the same way. A step runs as GitHub runs it: bash -eo pipefail, and after a failure only if it says so.
flow=deploy/ci/github-workflow.yml
"$python" "$source/tests/deploy/workflow.py" "$flow" "$work/steps" || fail "$flow is not as it should be"
for broken in 's/@sha256.*/:latest/' 's/@[0-9a-f]\{40\} .*/@v4/' 's/contents: read/contents: write/' \
  's/^  pull_request:/  pull_request_target:/' 's/shell: bash/shell: sh/' 's/"\$PLAN_DIGEST"/${{ needs.plan.outputs.digest }}/' \
  's/ && github.ref_protected$//' "s/ && github.event.pull_request.head.*//" '/^    if: /d' 's/persist-credentials: false/fetch-depth: 1/' \
  's/, retention-days: 7//' '/^    environment: cps/d' '/^    concurrency:/d' 's/cancel-in-progress: false/cancel-in-progress: true/' \
  '/^      - if: always()$/{N;s/.*\n *uses:/      - uses:/}' '/state.json.journal$/d' '/^    timeout-minutes:/d' \
  's/--section write/--section read/' 's/--section read/--section write/' 's/ --config [^ ]*//' 's/ --state [^ ]*//' \
  's/ --plan plan.json --approved [^ ]*/ certificates/' 's/AKAMAI_READ_HOST }}/AKAMAI_WRITE_HOST }}/'; do
  rm -rf "$work/steps.broken"
  sed "$broken" "$flow" >"$work/broken.yml"
  ! cmp -s "$flow" "$work/broken.yml" || fail "$flow has nothing for $broken"
  if "$python" "$source/tests/deploy/workflow.py" "$work/broken.yml" "$work/steps.broken" >/dev/null 2>"$work/log/out"; then
    fail "$flow passes with $broken"
  fi
  grep -q "^$work/broken.yml: " "$work/log/out" || fail "nothing is reported about $broken"
done
# flow_job JOB CODE: a checkout, the state of the cache, and the job's steps; its exit code is that of the first that fails.
flow_job() {
  local name=$1 wanted=$2 folder=$work/flow/$1 step code=0 failed=0
  rm -rf "$folder"
  mkdir -p "$folder"
  cp -r "$work/project/certificates" "$work/project/cpsctl.yaml" "$folder"
  [ ! -e "$work/flow/cache" ] || [ "$name" = preview ] || cp -r "$work/flow/cache" "$folder/.cpsctl"
  [ "$name" != apply ] || cp "$work/flow/plan/plan.json" "$folder"
  : >"$work/flow/output"
  : >"$work/flow/summary"
  : >"$work/log/out"
  for step in "$work/steps/$name"/*.sh; do
    [ "$failed" -eq 0 ] || [[ $step == *.always.sh ]] || continue
    code=0
    (cd "$folder" && GITHUB_ACTIONS=true GITHUB_WORKSPACE=$folder GITHUB_OUTPUT=$work/flow/output \
      GITHUB_STEP_SUMMARY=$work/flow/summary bash --noprofile --norc -eo pipefail "$step") >>"$work/log/out" 2>&1 </dev/null || code=$?
    [ "$failed" -ne 0 ] || failed=$code
  done
  [ "$failed" -eq "$wanted" ] || fail "$flow, job $name: exit $failed instead of $wanted"
  ran=$((ran + 1))
  # Whatever became of it, what it remembers is kept.
  case $name in apply | rebuild)
    rm -rf "$work/flow/cache"
    cp -r "$folder/.cpsctl" "$work/flow/cache"
    ;;
  esac
}
summary_says() { grep -qF -- "$1" "$work/flow/summary" || fail "the summary does not say: $1"; }
account github
mkdir -p "$work/flow"
flow_job validate 0
as_client github READ flow_job preview 0
summary_says "<!-- cpsctl plan -->"
as_client github READ flow_job drift 2  # nothing is there yet
for round in first second; do
  as_client github READ flow_job plan 0
  summary_says "<!-- cpsctl plan -->"
  digest=$(sed -n 's/^digest=\([0-9a-f]\{64\}\)$/\1/p' "$work/flow/output")
  [ -n "$digest" ] || fail "$flow hands no digest on"
  PLAN_DIGEST='' as_client github WRITE flow_job apply 4
  PLAN_DIGEST=$(printf '0%.0s' {1..64}) as_client github WRITE flow_job apply 4
  says "not the plan that was approved"
  PLAN_DIGEST=$digest as_client github WRITE flow_job apply 0
  summary_says "<!-- cpsctl apply -->"
done
as_client github READ flow_job drift 3  # its changes wait for people
rm -rf "$work/flow/cache"  # lost
as_client github READ flow_job rebuild 0
as_client github READ flow_job drift 3
flow_job drift 77  # without credentials; the summary says so
summary_says "<!-- cpsctl"

# The service: with the folders of the machine moved to ours.
unit=deploy/systemd/cpsctl.service
line=$(sed -n 's|^ExecStart=/usr/bin/||p' "$source/$unit")
line=${line//\/var\/lib\/cpsctl/$work\/project}
account service
in_account service check_in "$work/project" 0 "$unit" "${line//\/etc\/cpsctl/$work\/project}"
if command -v systemd-analyze >/dev/null && systemd-analyze security --help 2>/dev/null | grep -q -- --threshold; then
  systemd-analyze security --offline=yes --threshold=20 --no-pager "$source/$unit" >"$work/log/out" 2>&1 ||
    fail "$unit is more exposed than 2.0"
fi

# fresh NAME: a copy of the project that nothing has run in.
rm -rf "$work/project/.cpsctl" "$work/project"/state.json*
fresh() {
  rm -rf "${work:?}/$1"
  cp -r "$work/${2:-project}" "$work/$1"
}

# The pages. A block begins where the one before it ended; a page begins in a fresh project.
pages=(README.md reconciler/cli/help/*.md)
for page in "${pages[@]}"; do
  fresh page
  while IFS= read -r line; do check_in "$work/page" 0 "$page" "$line"; done \
    < <(awk '/^```/ { inside = ($0 == "```sh"); next } inside && sub(/^(\$ )?cpsctl /, "cpsctl ") { print }' "$page")
done

# The ways of certificates from manifest to live: the console blocks of such a page are one story, with its openssl.
for page in reconciler/cli/help/{third-party,answers,dv,ov-ev}.md; do
  story=$(awk '/^```/ { inside = ($0 == "```console"); next } inside { sub(/^\$ /, ""); print }' "$page")
  [[ $story == *cpsctl* ]] || fail "$page tells no story"
  fresh story
  check_in "$work/story" 0 "$page" "set -e"$'\n'"$story"
done
says "in sync"  # the last page's certificate is live

# A story of help sandbox, line by line.
page=reconciler/cli/help/sandbox.md
story=$(awk '/^## To see drift/ { inside = 1 } inside && /^## Faults/ { exit } inside && sub(/^\$ /, "") { print }' "$page")
[ "$(wc -l <<<"$story")" -eq 5 ] || fail "$page: how to see drift is not where it was"
fresh drift
check_in "$work/drift" 0 "$page" "set -e; $story"
grep -q 'changed outside cpsctl, set back' "$work/log/out" || fail "$page: this shows no drift: $story"

# The demo of the quick start, and what README.md shows of it. Ids come as CPS gives them, and the digest covers them.
deploy/demo.sh "$program" "$work/demo" >"$work/log/out" 2>&1 || fail "deploy/demo.sh fails"
same() { sed -E "s|$work/demo|build/quickstart|; s/id [0-9]+/id N/; s/^Digest: [0-9a-f]{64}$/Digest: D/" "$1"; }
awk '/^```/ { inside = ($0 == "```text" && !seen++); next } inside && NF && $0 != "…" { print }' README.md >"$work/log/shown"
[ "$(wc -l <"$work/log/shown")" -ge 10 ] || fail "README.md shows no demo"
same "$work/log/out" >"$work/log/demo"
while IFS= read -r line; do
  grep -qxF -- "$line" "$work/log/demo" || fail "README.md shows what the demo does not print: $line"
done < <(same "$work/log/shown")

# Their YAML: whole documents are valid as printed, together with the profiles of manifests/. A part of another tool's
# file says in its first line of what it is a part.
blocks=0
for page in "${pages[@]}"; do
  rm -rf "$work/yaml"
  mkdir "$work/yaml"
  awk -v folder="$work/yaml" '
    /^```/ { if (inside) inside = 0; else if ($0 ~ /^```yaml/) { inside = 1; file = sprintf("%s/%03d.yaml", folder, ++n) }; next }
    inside { print > file }' "$page"
  for block in "$work/yaml"/*.yaml; do
    [ -e "$block" ] || continue
    blocks=$((blocks + 1))
    if head -n 1 "$block" | grep -qE '^# part of (\.gitlab-ci\.yml|\.github/workflows/)'; then
      "$python" -c 'import sys, yaml; yaml.safe_load(open(sys.argv[1]))' "$block" || fail "$page: this is not YAML: $(cat "$block")"
    elif grep -q '^kind: Project$' "$block"; then
      check_in "$work/project" 0 "$page, yaml" "cpsctl validate --config $block manifests"
    else
      check_in "$work/project" 0 "$page, yaml" "cpsctl validate $block manifests/profiles.yaml"
      ! grep -q warning "$work/log/out" || fail "$page: this has warnings: $(cat "$block")"
    fi
  done
done
[ "$blocks" -ge 5 ] || fail "only $blocks YAML blocks found"

# The examples of --help, each in a project that was applied to an account, and to its sandbox.
account examples --complete-after 0s
fresh applied
in_account examples check_in "$work/applied" 0 "examples" 'cpsctl apply --yes manifests'
check_in "$work/applied" 0 "examples" 'cpsctl apply --sandbox --yes manifests && cpsctl plan --sandbox --out json=plan.json manifests'
# For settle: creates whose answers were lost, and a run that had no time to find out.
account doubtful --fault 'POST /enrollments: drop-after'
fresh unanswered
in_account doubtful check_in "$work/unanswered" 75 "examples" 'cpsctl apply --yes --deadline 2s manifests'
check_in "$work/unanswered" 75 "examples" \
  "cpsctl apply --sandbox --fault 'POST /enrollments: drop-after' --yes --deadline 2s manifests"
# For what a person answers: changes that wait, each example with an account of its own, and a CA.
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/ca.key" -out "$work/chain.pem" -subj "/CN=Example CA" -days 30 \
  -addext keyUsage=critical,keyCertSign 2>"$work/log/out" || fail "no CA could be made"
waiting_example() {
  local from=$1 line=$2 name=waits$examples
  account "$name"
  fresh example
  in_account "$name" check_in "$work/example" 0 "$from" 'cpsctl apply --yes --parallelism 1 manifests'
  in_account "$name" check_in "$work/example" 0 "$from" "cpsctl csr api-example-com >api.csr &&
    printf 'subjectAltName=DNS:api.example.com,DNS:api-eu.example.com,DNS:api-us.example.com\nextendedKeyUsage=serverAuth\n' >names &&
    openssl x509 -req -in api.csr -CA $work/chain.pem -CAkey $work/ca.key -CAcreateserial -days 20 -extfile names -out leaf.pem &&
    cp $work/chain.pem . && cat leaf.pem chain.pem >api.pem && cp api.pem signed.pem"
  in_account "$name" check_in "$work/example" 0 "$from" "$line"
}
# Every command, as the overview and the page of a command with commands name them.
named() { awk -v in_="$1" '/^[^ ]/ { inside = ($0 ~ in_) } inside && /^  [a-z]/ { print $1 }'; }
mapfile -t commands < <(cpsctl help | sed '/^Topics/,$d' | named ':$')
for command in "${commands[@]}"; do
  mapfile -t -O "${#commands[@]}" commands < <(cpsctl "$command" --help | named '^Commands:$' | sed "s/^/$command /")
done
[ "${#commands[@]}" -ge 19 ] || fail "only ${#commands[@]} commands found"
examples=0
for command in "${commands[@]}"; do
  read -ra words <<<"$command"
  while IFS= read -r line; do
    examples=$((examples + 1))
    from="cpsctl $command --help"
    case $command in
      "state settle")
        fresh example unanswered
        in_account doubtful check_in "$work/example" 0 "$from" "$line"
        ;;
      ack | upload | cancel) waiting_example "$from" "$line" ;;
      sandbox)  # serves until it is told to end
        fresh example
        check_in "$work/example" 130 "$from" "timeout --preserve-status --signal=INT 3 $line"
        grep -q 'edgerc' "$work/log/out" || fail "$from: $line serves nothing"
        ;;
      *)
        fresh example applied
        in_account examples check_in "$work/example" 0 "$from" "$line"
        ;;
    esac
  done < <(cpsctl "${words[@]}" --help | awk '/^[A-Z].*:$/ { inside = ($0 == "Examples:"); next } inside && /^  cpsctl / { print }')
done
[ "$examples" -eq $((3 * ${#commands[@]})) ] || fail "only $examples examples found"
echo "$((ran + examples)) command lines work, $blocks YAML blocks are valid"
