#!/usr/bin/env python3
"""Checks a GitHub workflow for what keeps its secrets and its state, and writes the script of each step.

    workflow.py FILE FOLDER    FOLDER/JOB/NN.sh, in order; NN.always.sh: also after a failure
"""
import pathlib
import re
import sys

import yaml

from commands import PINNED_IMAGE, command_problems

PINNED_ACTION = re.compile(r"@[0-9a-f]{40}$")


def general_problems(workflow):
    """What is wrong whatever the job."""
    triggers = workflow[True]  # "on", to a YAML 1.1 reader
    if "pull_request_target" in triggers:
        yield "it runs what a fork wrote with the secrets of main"
    if workflow.get("permissions") != {"contents": "read"}:
        yield "its token may do more than read"
    if workflow.get("defaults", {}).get("run", {}).get("shell") != "bash":
        yield "its steps run in a shell without pipefail"


def problems(job):
    """What is missing from a job."""
    steps = job["steps"]
    scripts = [step["run"] for step in steps if "run" in step]
    commands = [line.strip() for script in scripts for line in script.splitlines() if re.match(r"\s*cpsctl ", line)]
    uses = [step for step in steps if "uses" in step]
    condition = job.get("if", "")
    secrets = " ".join(str(value) for value in job.get("env", {}).values())
    writes = any(command.startswith("cpsctl apply") for command in commands)
    saves = [step for step in uses if step["uses"].startswith(("actions/cache/save@", "actions/cache@"))]
    if not PINNED_IMAGE.search(str(job.get("container", ""))):
        yield "its image is not named by a digest"
    for step in uses:
        if not PINNED_ACTION.search(step["uses"]):
            yield f"an action is not named by a commit: {step['uses']}"
        if step["uses"].startswith("actions/checkout@") and step.get("with", {}).get("persist-credentials") is not False:
            yield "its checkout leaves a token behind"
        if step["uses"].startswith("actions/upload-artifact@") and "retention-days" not in step["with"]:
            yield "its artifact has no retention-days:"
    if "permissions" in job:
        yield "it has permissions of its own"
    if "timeout-minutes" not in job:
        yield "it has no timeout-minutes:"
    if not condition:
        yield "it runs whatever the event is"
    if any("${{" in script for script in scripts):
        yield "a value of others becomes a part of a script"
    trusted = "github.ref == 'refs/heads/main'" in condition and "github.ref_protected" in condition
    if "pull_request" in condition:
        if "AKAMAI_WRITE" in secrets or job.get("environment") or saves:
            yield "a pull request gets at what writes"
        if "AKAMAI" in secrets and "head.repo.full_name == github.repository" not in condition:
            yield "a fork's pull request runs into missing secrets"
    elif not trusted:
        yield "it runs for branches that are not protected"
    if "AKAMAI_WRITE" in secrets and not writes:
        yield "it has the API client that writes, and does not apply"
    if writes or saves:
        if not trusted or job.get("environment") != "cps":
            yield "nobody approves it"
        if job.get("concurrency") != {"group": "cps", "cancel-in-progress": False}:
            yield "another job may run at the same time, or cancel it"
        if len(saves) != 1 or saves[0].get("if") != "always()" or saves[0] is not steps[-1]:
            yield "it loses what it remembers"
    for step in uses:
        if "/cache" in step["uses"] and ".cpsctl/state.json.journal" not in step["with"]["path"].split():
            yield "its journal is left behind"
    for command in commands:
        yield from command_problems(command)


def main():
    file, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    with open(file, encoding="utf-8") as text:
        workflow = yaml.safe_load(text)
    found = [f"{file}: {problem}" for problem in general_problems(workflow)]
    for name, job in workflow["jobs"].items():
        found += [f"{file}: job {name}: {problem}" for problem in problems(job)]
        (folder / name).mkdir(parents=True)
        for number, step in enumerate(step for step in job["steps"] if "run" in step):
            kind = ".always" if step.get("if") == "always()" else ""
            (folder / name / f"{number:02}{kind}.sh").write_text(step["run"] + "\n", encoding="utf-8")
    sys.exit("\n".join(found) or 0)


if __name__ == "__main__":
    main()
