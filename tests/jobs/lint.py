"""What the Toolforge jobs client lets through and only the server, or nobody, refuses.

Pure: text in, list of problems out. `toolforge jobs load` turns each mapping of jobs.yaml into command-line
arguments, so a key is matched by prefix, a null becomes the word "None" and a wrong schedule is an argument like any
other. The rules are those of the jobs service's server code; https://wikitech.wikimedia.org/wiki/Help:Toolforge/Jobs_framework
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import yaml

NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
NAME_MAX = 52  # a CronJob's name
TOOL_IMAGE = re.compile(
    r"tool-[a-z]([-_a-z0-9]{0,254}[a-z0-9])?/[a-z0-9]+([._-][a-z0-9]+)*(:latest|@sha256:[0-9a-f]{64})"
)
# `toolforge jobs images` shows the list in force; the suite itself needs none of them.
PREBUILT = {
    "bookworm", "trixie", "mariadb", "jdk21", "mono6.12", "node18", "node20", "perl5.36", "perl5.40", "php8.2",
    "php8.4", "python3.11", "python3.13", "ruby3.1", "ruby3.3", "tcl8.6",
}  # fmt: skip
MACROS = {"@hourly", "@daily", "@weekly", "@monthly", "@yearly"}
WEEKDAYS = {name: n for n, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 7))
MEM_UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "K": 10**3, "k": 10**3, "M": 10**6, "G": 10**9, "": 1}
# One job: 50m to 3 CPU, 100Mi to 6Gi. The tool: 8Gi, 16 CPU, 16 pods, 50 scheduled jobs, of which `load` needs one free.
MEM_MIN, MEM_MAX, MEM_TOTAL = 100 * 2**20, 6 * 2**30, 8 * 2**30
CPU_MIN, CPU_MAX, CPU_TOTAL = Decimal("0.05"), Decimal(3), Decimal(16)
SCHEDULED_MAX, PODS_MAX = 49, 16
TYPE_KEYS = ("schedule", "continuous", "webservice")

# key -> what its value must be, where a wrong type passes the client as its text
TEXT, TRUE, WHOLE, QUANTITY = "a text", "true, unquoted (leave the key out instead of false)", "a whole number ≥ 0", "a quantity"
KINDS = {
    "name": TEXT, "command": TEXT, "image": TEXT, "schedule": TEXT, "emails": TEXT, "mount": TEXT, "publish": TEXT,
    "filelog-stdout": TEXT, "filelog-stderr": TEXT, "health-check-script": TEXT, "health-check-http": TEXT,
    "continuous": TRUE, "webservice": TRUE, "filelog": TRUE, "no-filelog": TRUE,
    "timeout": WHOLE, "retry": WHOLE, "replicas": WHOLE, "mem": QUANTITY, "cpu": QUANTITY,
}  # fmt: skip
CHOICES = {"emails": ("none", "all", "onfinish", "onfailure"), "mount": ("all", "none"), "publish": ("/",)}


class _Loader(yaml.SafeLoader):
    """PyYAML keeps the last of two equal keys; here that is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(problem=f"the key '{key}' stands twice in one job", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def parse(text: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The jobs of a jobs.yaml, and what is wrong with the file as a whole."""
    try:
        jobs = yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        return [], [f"not readable as YAML: {' '.join(str(error).split())}"]
    if not isinstance(jobs, list) or not jobs:
        return [], ["must be a list of jobs (`- name: …`)"]
    problems = []
    for n, job in enumerate(jobs, 1):
        if not isinstance(job, dict):
            problems.append(f"item {n} is no mapping")
        elif any(job is other for other in jobs[: n - 1]):
            problems.append(f"item {n} repeats a whole job by an alias: the client takes the name out of the first one")
    if problems:
        return [], problems
    names = [job.get("name") for job in jobs]
    problems += [f"the name {name!r} stands {names.count(name)} times: the client ignores the later ones"
                 for name in sorted({str(n) for n in names if names.count(n) > 1})]  # fmt: skip
    return jobs, problems + list(_quota(jobs))


def lint_job(job: dict[str, Any], known_keys: set[str]) -> list[str]:
    """All problems of one job. `known_keys` are those of the client (`jobs_cli.cli.RUN_ARGS`)."""
    problems = []
    for key, value in job.items():
        if key not in known_keys:
            hint = " (use `toolforge envvars create`)" if key in ("env", "envvars") else ""
            near = [known for known in sorted(known_keys) if isinstance(key, str) and known.startswith(key)]
            hint = hint or (f" (did you mean {' or '.join(near)}?)" if near else "")
            problems.append(f"unknown key {key!r}{hint}")
            continue
        problems += [f"{key}: {problem}" for problem in _value(key, value)]
    if problems:
        return problems  # what follows compares values with one another
    return list(_whole_job(job))


def _value(key: str, value: Any) -> Iterator[str]:
    kind = KINDS.get(key)
    if value is None:
        yield "no value (the client would send the text None)"
    elif kind == TRUE and value is not True:
        yield f"must be {TRUE}"
    elif kind == WHOLE and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        yield f"must be {WHOLE}"
    elif kind == TEXT and not isinstance(value, str):
        yield f"must be {TEXT}, found {value!r} (put it in quotes)"
    elif isinstance(value, str) and not value.strip():
        yield "is empty"
    elif isinstance(value, str) and value.startswith("-"):
        yield "begins with '-': the client takes it for an option"
    elif key in CHOICES and value not in CHOICES[key]:
        yield f"must be one of {', '.join(CHOICES[key])}"
    elif key in CHECKS:
        problem = CHECKS[key](value)
        if problem:
            yield problem


def _name(value: str) -> str | None:
    if len(value) > NAME_MAX:
        return f"{len(value)} characters long, at most {NAME_MAX} are allowed"
    return None if NAME.fullmatch(value) else "only a-z, 0-9, '-' and '.', beginning and ending with a letter or digit"


def _schedule(value: str) -> str | None:
    if value.startswith("@"):
        return None if value in MACROS else f"unknown macro; there are {', '.join(sorted(MACROS))}"
    fields = value.split(" ")
    if len(fields) != 5:
        return "must be five fields, one space apart, or a macro"
    for text, (field, low, high) in zip(fields, FIELDS, strict=True):
        for part in text.split(","):
            base, slash, step = part.partition("/")
            first, dash, last = base.partition("-")
            if slash and dash:
                return f"{field}: no step on a range ({part})"
            if slash and not (step.isdecimal() and int(step) > 0):
                return f"{field}: the step in {part!r} is no number"
            if base == "*":
                continue
            ends = [_number(end, field) for end in ([first, last] if dash else [first])]
            if any(end is None or not low <= end <= high for end in ends):
                return f"{field}: {part!r} is not within {low} to {high}"
            if dash and ends[0] > ends[1]:
                return f"{field}: {part!r} runs backwards"
    return None


def _number(text: str, field: str) -> int | None:
    if field == "day of week" and text in WEEKDAYS:
        return WEEKDAYS[text]
    return int(text) if text.isdecimal() else None


def mem_bytes(value: Any) -> int | None:
    """`512Mi`, `1G` … in bytes."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(Ki|Mi|Gi|K|k|M|G|)", str(value))
    return int(Decimal(match[1]) * MEM_UNITS[match[2]]) if match else None


def cpu_cores(value: Any) -> Decimal | None:
    """`500m`, `0.5`, `1` … in cores."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(m?)", str(value))
    return Decimal(match[1]) / (1000 if match[2] else 1) if match else None


def _mem(value: Any) -> str | None:
    size = mem_bytes(value)
    if isinstance(value, bool) or size is None:
        return "is no quantity such as 256Mi or 1Gi"
    return None if MEM_MIN <= size <= MEM_MAX else "one job may have 100Mi to 6Gi"


def _cpu(value: Any) -> str | None:
    cores = cpu_cores(value)
    if isinstance(value, bool) or cores is None:
        return "is no quantity such as 500m or 1"
    return None if CPU_MIN <= cores <= CPU_MAX else "one job may have 50m to 3 CPU"


def _image(value: str) -> str | None:
    if value in PREBUILT or TOOL_IMAGE.fullmatch(value):
        return None
    return "neither `tool-<tool>/<image>:latest` nor a prebuilt image known to this check"


def _port(value: Any) -> str | None:
    match = re.fullmatch(r"(\d+)(/tcp|/udp)?", str(value))
    return None if match and 1 <= int(match[1]) <= 65535 else "must be 1 to 65535, with /tcp or /udp if need be"


def _wait(value: Any) -> str | None:
    if value is True or (isinstance(value, int) and value > 0):
        return None
    return "must be true or a number of seconds (leave the key out instead of false)"


CHECKS: dict[str, Callable[[Any], str | None]] = {
    "name": _name, "schedule": _schedule, "mem": _mem, "cpu": _cpu, "image": _image, "port": _port, "wait": _wait,
    "retry": lambda value: None if value <= 5 else "at most 5",
}  # fmt: skip


def _whole_job(job: dict[str, Any]) -> Iterator[str]:
    kinds = [key for key in (*TYPE_KEYS, "wait") if key in job]
    if len(kinds) > 1:
        yield f"only one of {', '.join(kinds)} can be set"
    served = "continuous" in job or "webservice" in job
    for key in ("name", "image") if "webservice" in job else ("name", "image", "command"):
        if key not in job:
            yield f"{key} is missing"
    for key in ("port", "replicas", "health-check-script", "health-check-http"):
        if key in job and not served:
            yield f"{key} is for continuous and webservice jobs only"
    if "timeout" in job and "schedule" not in job:
        yield "timeout is for scheduled jobs only"
    if "retry" in job and served:
        yield "retry is for scheduled and one-off jobs only"
    if "publish" in job and "continuous" not in job:
        yield "publish is for continuous jobs only"
    if "health-check-script" in job and "health-check-http" in job:
        yield "only one health check can be set"
    if "health-check-http" in job and "port" not in job:
        yield "health-check-http needs a port"
    if "filelog" in job and "no-filelog" in job:
        yield "only one of filelog, no-filelog can be set"
    if "webservice" in job and any(key.startswith(("filelog", "no-filelog")) for key in job):
        yield "a webservice has no file log"
    built = str(job.get("image", "")).startswith("tool-")
    if not built and job.get("mount") == "none":
        yield "mount: a prebuilt image needs the shared storage (all)"
    if built and any(key.startswith("filelog") for key in job) and job.get("mount") != "all":
        yield "filelog on a build-service image needs `mount: all`"


def _quota(jobs: list[dict[str, Any]]) -> Iterator[str]:
    if sum("schedule" in job for job in jobs) > SCHEDULED_MAX:
        yield f"more than {SCHEDULED_MAX} scheduled jobs"
    served = [(job, job.get("replicas", 1)) for job in jobs if "continuous" in job or "webservice" in job]
    served = [(job, n) for job, n in served if isinstance(n, int)]
    if sum(n for _, n in served) > PODS_MAX:
        yield f"more than {PODS_MAX} pods run all the time"
    if sum((mem_bytes(job.get("mem", "512Mi")) or 0) * n for job, n in served) > MEM_TOTAL:
        yield "the jobs that run all the time ask for more than 8Gi"
    if sum((cpu_cores(job.get("cpu", "100m")) or 0) * n for job, n in served) > CPU_TOTAL:
        yield "the jobs that run all the time ask for more than 16 CPU"


PROCESS = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def parse_procfile(text: str) -> tuple[dict[str, str], list[str]]:
    """The entries of a Procfile, and what is wrong with it."""
    entries: dict[str, str] = {}
    problems = []
    for n, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        key, colon, command = line.partition(":")
        if not colon or not command.strip():
            problems.append(f"line {n}: must be `name: command`")
        elif not PROCESS.fullmatch(key):
            problems.append(f"line {n}: {key!r}: only a-z, 0-9 and '-' (1 to 63, ending with a letter or digit)")
        elif key in entries:
            problems.append(f"line {n}: {key!r} stands twice: the last one wins")
        else:
            entries[key] = command.strip()
            if "/" not in command.split()[0]:
                problems.append(f"line {n}: {command.split()[0]!r} needs a path: PATH of other layers is not set")
    return entries, problems


def lint_command(job: dict[str, Any], entries: dict[str, str], binaries: set[str]) -> list[str]:
    """Whether a build-service job's command can be started: an entry alone, or a built binary by its path."""
    if not str(job.get("image", "")).startswith("tool-") or not isinstance(job.get("command"), str):
        return []
    first, *arguments = job["command"].removeprefix("launcher ").split() or [""]
    if "/" not in first:
        if first not in entries:
            return [f"command: the Procfile has no entry {first!r}"]
        if arguments:
            return [f"command: {first!r} is a Procfile entry: its line would be replaced by {' '.join(arguments)!r}"]
        return lint_command({**job, "command": entries[first]}, {}, binaries)
    folder, _, binary = first.rpartition("/")
    if folder not in ("./target/release", "target/release") or binary not in binaries:
        return [f"command: {first!r} is no binary of this workspace (./target/release/<one of {', '.join(sorted(binaries))}>)"]
    return []
