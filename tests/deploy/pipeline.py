#!/usr/bin/env python3
"""Checks a GitLab pipeline for what keeps its secrets and its state, and prints the script of each job.

    pipeline.py FILE    a line for each command: the job's name, a tab, the command
"""
import re
import sys

import yaml

from commands import PINNED_IMAGE, command_problems


def merged(base, over):
    """As GitLab's extends: maps deeply, all else replaced."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {key: merged(base.get(key), over[key]) if key in over else base[key] for key in {**base, **over}}
    return over


def resolved(name, jobs):
    job = jobs[name]
    bases = job.get("extends", [])
    result = {}
    for base in [bases] if isinstance(bases, str) else bases:
        result = merged(result, resolved(base, jobs))
    return merged(result, {key: value for key, value in job.items() if key != "extends"})


def problems(job):
    """What is missing from a job."""
    script = " ".join(job["script"])
    conditions = [rule.get("if", "") for rule in job.get("rules") or []]
    cache = job.get("cache") or {}
    image = job.get("image", "")
    if not PINNED_IMAGE.search(image if isinstance(image, str) else image["name"]):
        yield "its image is not named by a digest"
    for key in ("access", "expire_in"):
        if key not in job.get("artifacts", {}):
            yield f"its artifacts have no {key}:"
    if not conditions or not all(conditions):
        yield "it runs whatever the pipeline is for"
    if job.get("environment") and not all("CI_COMMIT_REF_PROTECTED" in condition for condition in conditions):
        yield "it reaches an environment from branches that are not protected"
    on_requests = any("merge_request_event" in condition for condition in conditions)
    if on_requests and cache:
        yield "a merge request gets at the cache"
    if cache and "$CI_COMMIT_REF_PROTECTED" not in cache["key"]:
        yield "its cache is one with that of branches that are not protected"
    saves = bool(re.search(r"\bcpsctl (apply|state rebuild)\b", script)) and not on_requests
    if saves and (cache.get("policy"), cache.get("when")) != ("pull-push", "always"):
        yield "it loses what it remembers"
    if cache and not saves and cache.get("policy") != "pull":
        yield "it writes to the cache"
    if saves and not (job.get("environment") and job.get("resource_group")):
        yield "it changes CPS or the state outside of an environment, or next to another job"
    for command in job["script"]:
        if command.split()[:1] == ["cpsctl"]:
            yield from command_problems(command)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        pipeline = yaml.safe_load(file)
    jobs = {name: job for name, job in pipeline.items() if isinstance(job, dict) and name != "workflow"}
    found = []
    for name in (name for name in jobs if not name.startswith(".")):
        job = resolved(name, jobs)
        for command in job["script"]:
            if not isinstance(command, str):  # a plain text with ": " in it
                sys.exit(f"{sys.argv[1]}: job {name}: this is not a command but a map: {command}")
            print(f"{name}\t{command}")
        found += [f"{sys.argv[1]}: job {name}: {problem}" for problem in problems(job)]
        if job["stage"] not in pipeline["stages"]:
            found.append(f"{sys.argv[1]}: job {name}: there is no stage {job['stage']}")
    sys.exit("\n".join(found) or 0)


if __name__ == "__main__":
    main()
