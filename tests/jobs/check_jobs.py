#!/usr/bin/env python3
"""Checks jobs.yaml and the Procfile as `toolforge jobs load` would read them, without Toolforge.

Three parts: what the real client makes of every job (its `op_load`, with an API object that only records), our own
lint for what the client lets through (lint.py), and a self-test: every known trap must be found (traps.py).
Talks to nobody. Needs the packages of requirements.txt: scripts/test makes the environment.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from jobs_cli import cli
from toolforge_weld.errors import ToolforgeError

import lint
import traps

ROOT = Path(__file__).resolve().parents[2]
KNOWN_KEYS = set(cli.RUN_ARGS)


class RecordingApi:
    """Stands for the jobs service: notes what would be sent and agrees to everything."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, Any]]] = []

    def post(self, url: str, json: dict[str, Any] | None = None, **_: Any) -> dict[str, Any]:
        self.sent.append(("POST", url, json or {}))
        return {}

    def patch(self, url: str, json: dict[str, Any] | None = None, **_: Any) -> dict[str, Any]:
        self.sent.append(("PATCH", url, json or {}))
        return {}

    def get(self, _url: str, **_: Any) -> dict[str, Any]:
        return {"job": {"status": {"short": "succeeded"}}}  # asked only by `wait`

    delete = get


def load_with_client(text: str) -> tuple[list[tuple[str, str, dict[str, Any]]], list[str]]:
    """What the real client sends for a jobs.yaml, and everything it complained about."""
    api, complaints, stderr = RecordingApi(), [], io.StringIO()
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: complaints.append(record.getMessage())
    logger = logging.getLogger("jobs_cli")
    logger.addHandler(handler)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        try:
            with contextlib.redirect_stderr(stderr), mock.patch.object(cli.time, "sleep"):
                cli.op_load(api=api, file=file.name, job_name=None, tool_name="wikicrew")
        except SystemExit:
            complaints.append(stderr.getvalue().strip().splitlines()[-1])
        except ToolforgeError as error:
            complaints.append(str(error))
        except Exception as error:  # noqa: BLE001 (the client crashes on some input)
            complaints.append(f"crashes with {type(error).__name__}: {error}")
        finally:
            logger.removeHandler(handler)
    return api.sent, complaints


def check_with_client(job: dict[str, Any]) -> list[str]:
    """One job alone, so that each faulty one is reported."""
    sent, complaints = load_with_client(yaml.safe_dump([job]))
    problems = [f"client: {complaint}" for complaint in complaints]
    kind = next((key for key in ("continuous", "webservice") if key in job), None)
    kind = kind or ("scheduled" if "schedule" in job else "one-off")
    method = "POST" if kind == "one-off" else "PATCH"
    if not problems and len(sent) != 1:
        problems.append(f"client: sends {len(sent)} requests instead of one")
    for got, url, body in sent:
        if got != method or url != "/jobs/":
            problems.append(f"client: sends {got} {url}, expected {method} /jobs/")
        wanted = {"job_type": kind, "name": job.get("name"), "cmd": job.get("command"), "imagename": job.get("image"),
                  "schedule": job.get("schedule"), "memory": job.get("mem"), "mount": job.get("mount"),
                  "emails": job.get("emails"), "timeout": job.get("timeout")}  # fmt: skip
        for key, value in wanted.items():
            if body.get(key) != value:
                problems.append(f"client: {key} becomes {body.get(key)!r}, expected {value!r}")
    return problems


def our_rules(job: dict[str, Any]) -> Iterator[str]:
    """What this project asks of its own jobs beyond what Toolforge does."""
    if "schedule" in job and not job.get("timeout"):
        yield "a scheduled job needs a timeout: a run that hangs keeps every later one from starting"
    if job.get("emails") != "onfailure":
        yield "emails: must be onfailure: an exit code other than 0 means that a person is needed"
    if not str(job.get("image", "")).startswith("tool-"):
        yield "image: must come from the build service"


def problems_of(jobs_yaml: str, procfile: str, binaries: set[str]) -> dict[str, list[str]]:
    """Every check of the two files: its name, and what is wrong."""
    jobs, problems = lint.parse(jobs_yaml)
    entries, procfile_problems = lint.parse_procfile(procfile)
    results = {"jobs.yaml as a whole": problems, "Procfile": procfile_problems}
    for job in jobs:
        results[f"job {job.get('name')}"] = [
            *lint.lint_job(job, KNOWN_KEYS),
            *lint.lint_command(job, entries, binaries),
            *our_rules(job),
            *check_with_client(dict(job)),
        ]
    sent, complaints = load_with_client(jobs_yaml)
    if not complaints and len(sent) != len(jobs):
        complaints.append(f"{len(sent)} of {len(jobs)} jobs are sent")
    results["jobs.yaml loaded in one go"] = complaints
    started = {Path(entries.get(str(job.get("command")), str(job.get("command"))).split()[0]).name for job in jobs}
    results["every binary has a job"] = [f"no job starts {binary}" for binary in sorted(binaries - started)]
    unused = set(entries) - {job.get("command") for job in jobs}
    results["every Procfile entry has a job"] = [f"no job uses the entry {entry}" for entry in sorted(unused)]
    return results


def self_test() -> dict[str, list[str]]:
    """Every trap is found by the lint alone, and the client still does with it what traps.py says."""
    results = {}
    for trap in traps.TRAPS:
        jobs, found = lint.parse(trap.text)
        for job in jobs:
            found = found + lint.lint_job(job, KNOWN_KEYS) + lint.lint_command(job, traps.ENTRIES, traps.BINARIES)
        sent, complaints = load_with_client(trap.text)
        if complaints:
            client = "complains"
        else:
            client = " ".join(method for method, _, _ in sent)
        problems = []
        if trap.found is None and found:
            problems.append(f"is right, but the lint says: {found}")
        if trap.found is not None and not any(trap.found in problem for problem in found):
            problems.append(f"the lint should say {trap.found!r}, says {found}")
        if client != trap.client:
            problems.append(f"the client should answer {trap.client!r}, answers {client!r} {complaints}")
        results[f"trap: {trap.title}"] = problems
    for title, procfile, expected in traps.PROCFILES:
        _, found = lint.parse_procfile(procfile)
        ok = not found if expected is None else any(expected in problem for problem in found)
        results[f"Procfile trap: {title}"] = [] if ok else [f"expected {expected!r}, the lint says {found}"]
    return results


def main() -> int:
    binaries = {path.parent.name for path in ROOT.glob("bins/*/Cargo.toml")}
    files = [(ROOT / name).read_text(encoding="utf-8") for name in ("jobs.yaml", "Procfile")]
    results = self_test() | problems_of(files[0], files[1], binaries)
    for check, problems in results.items():
        for problem in problems:
            print(f"{check}: {problem}")
    failed = sum(bool(problems) for problems in results.values())
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
