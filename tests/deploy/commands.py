"""What a CI system's jobs must keep to, whatever the system: shared by pipeline.py and workflow.py."""
import re

PINNED_IMAGE = re.compile(r"@sha256:[0-9a-f]{64}$")


def command_problems(command):
    """What is wrong with a command line of cpsctl."""
    words = command.split()
    if words[1:2] == ["show"]:
        return
    offline = words[1] == "validate"
    for flag in ["--config", "--no-input"] + ([] if offline else ["--state", "--section"]):
        if flag not in words:
            yield f"{flag} is missing: {command}"
    if "--section" in words and (words[words.index("--section") + 1] == "write") != (words[1] == "apply"):
        yield f"it uses the wrong API client: {command}"
    if words[1] == "apply" and not {"--plan", "--approved", "--yes"} <= set(words):
        yield f"it applies something else than an approved plan: {command}"
