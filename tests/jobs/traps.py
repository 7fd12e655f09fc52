"""Input that looks right and is not, each with what the lint must say and what the real client does with it.

`client` is "complains" (refusal, crash or warning) or the methods of the requests that it sends. So an update of the
client that changes its mind shows up here, and not on Toolforge.
"""

from __future__ import annotations

from typing import NamedTuple


class Trap(NamedTuple):
    title: str
    text: str
    client: str
    found: str | None  # part of what the lint must say; None: nothing is wrong


ENTRIES = {"bot": "./target/release/bot"}
BINARIES = {"bot"}


def _job(title: str, lines: str, client: str, found: str | None, *, schedule: bool = True) -> Trap:
    """One job, right but for `lines`, which replace the lines with the same keys."""
    base = {"name": "bot", "command": "bot", "image": "tool-x/tool-x:latest"}
    if schedule:
        base["schedule"] = "'@daily'"
    keys = {line.partition(":")[0] for line in lines.splitlines()}
    kept = [f"{key}: {value}" for key, value in base.items() if key not in keys]
    body = "\n  ".join([*kept, *lines.splitlines()])
    return Trap(title, f"- {body}\n", client, found)


TRAPS = [
    _job("nothing wrong, scheduled", "timeout: 60\nmem: 256Mi\nmount: none\nemails: onfailure", "PATCH", None),
    _job("nothing wrong, continuous", "continuous: true\nport: 8080/tcp\nreplicas: 2", "PATCH", None, schedule=False),
    _job("nothing wrong, one-off", "wait: 30", "POST", None, schedule=False),
    _job("nothing wrong, arguments behind a path", "command: ./target/release/bot --once", "PATCH", None),
    _job("a shortened key", "sched: '@daily'", "POST", "did you mean schedule", schedule=False),
    _job("an ambiguous key: file", "file: x", "complains", "unknown key 'file'"),
    _job("an ambiguous key: health-check", "health-check: x", "complains", "unknown key 'health-check'"),
    _job("a key for the environment", "env: {A: b}", "complains", "toolforge envvars create"),
    _job("a value that begins with a dash", "command: --help", "complains", "begins with '-'"),
    _job("continuous: false", "continuous: false", "complains", "must be true, unquoted"),
    _job("filelog: false", "filelog: false", "complains", "must be true, unquoted"),
    _job("no-filelog: false", "no-filelog: false", "complains", "must be true, unquoted"),
    _job("wait: false", "wait: false", "complains", "leave the key out", schedule=False),
    _job("continuous: quoted yes", "continuous: 'yes'", "complains", "must be true, unquoted", schedule=False),
    _job("continuous: quoted true", "continuous: 'true'", "complains", "must be true, unquoted", schedule=False),
    _job("filelog: unquoted yes", "filelog: yes\nmount: all", "PATCH", None),
    _job("filelog: quoted yes", "filelog: 'yes'\nmount: all", "complains", "must be true, unquoted"),
    _job("an empty schedule", "schedule: ''", "POST", "schedule: is empty"),
    _job("a schedule without a value", "schedule:", "POST", "schedule: no value"),
    _job("a memory limit without a value", "mem:", "PATCH", "mem: no value"),
    _job("schedule: true", "schedule: true", "PATCH", "must be a text"),
    _job("emails: unquoted no", "emails: no", "complains", "emails: must be a text"),
    _job("publish: true", "publish: true\ncontinuous: true", "complains", "publish: must be a text", schedule=False),
    _job("a number as the name", "name: 1", "complains", "name: must be a text"),
    Trap(
        "a job repeated by an alias",
        "- &a {name: bot, command: bot, image: tool-x/tool-x:latest, schedule: '@daily'}\n- *a\n",
        "complains",
        "repeats a whole job",
    ),
    Trap(
        "nothing wrong, a merge",
        "- &a {name: bot, command: bot, image: tool-x/tool-x:latest, schedule: '@daily'}\n- {<<: *a, name: bot2}\n",
        "PATCH PATCH",
        None,
    ),
    Trap(
        "a name that stands twice",
        "- &a {name: bot, command: bot, image: tool-x/tool-x:latest, schedule: '@daily'}\n- {<<: *a, cpu: 1}\n",
        "complains",
        "stands 2 times",
    ),
    _job("a key that stands twice", "mem: 1Gi\nmem: 2Gi", "PATCH", "the key 'mem' stands twice"),
    _job("a key that does not exist", "x: 1", "complains", "unknown key 'x'"),
    Trap("a mapping instead of a list", "name: bot\n", "complains", "must be a list"),
    _job("capitals and underscores in a name", "name: Bad_Name", "PATCH", "name: only a-z"),
    _job("a name of 77 characters", f"name: {'n' * 77}", "PATCH", "77 characters long"),
    _job("a step on a range", "schedule: 1-10/2 * * * *", "PATCH", "no step on a range"),
    _job("an unknown macro", "schedule: '@reboot'", "PATCH", "unknown macro"),
    _job("six fields", "schedule: '0 * * * * *'", "PATCH", "five fields"),
    _job("minute 60", "schedule: '60 * * * *'", "PATCH", "not within 0 to 59"),
    _job("the name of a month", "schedule: '0 0 1 jan *'", "PATCH", "not within 1 to 12"),
    _job("nothing wrong, a full schedule", "schedule: 5,10-20,30/5 */2 1 1-6 mon-fri", "PATCH", None),
    _job("too much memory", "mem: 64Gi", "PATCH", "100Mi to 6Gi"),
    _job("cpu in words", "cpu: two", "PATCH", "cpu: is no quantity"),
    _job("no mount on a prebuilt image", "image: bookworm\nmount: none", "PATCH", "prebuilt image needs"),
    _job("an unknown image", "image: tf-bullseye-std", "PATCH", "neither `tool-"),
    _job("a file log without a mount", "filelog: true", "PATCH", "needs `mount: all`"),
    _job("port 99999", "port: 99999\ncontinuous: true", "PATCH", "1 to 65535", schedule=False),
    _job("a negative timeout", "timeout: -5", "PATCH", "timeout: must be a whole number"),
    _job("a negative number of replicas", "replicas: -1\ncontinuous: true", "PATCH", "replicas: must be", schedule=False),
    _job("a timeout without a schedule", "timeout: 60", "complains", "timeout is for scheduled", schedule=False),
    _job("a retry too many", "retry: 6", "complains", "retry: at most 5"),
    _job("two kinds of job", "continuous: true", "complains", "only one of schedule, continuous"),
    _job("a Procfile entry with arguments", "command: bot --once", "PATCH", "its line would be replaced"),
    _job("no such Procfile entry", "command: bott", "PATCH", "no entry 'bott'"),
    _job("no such binary", "command: ./target/release/bott", "PATCH", "no binary of this workspace"),
    Trap(
        "more than the tool's memory",
        "".join(
            f"- {{name: bot{n}, command: bot, image: tool-x/tool-x:latest, continuous: true, mem: 3Gi}}\n" for n in range(3)
        ),
        "PATCH PATCH PATCH",
        "more than 8Gi",
    ),
]

PROCFILES = [
    ("nothing wrong", "# a comment\nbot: ./target/release/bot\n\nbot-2: ./target/release/bot --once\n", None),
    ("capitals", "Bot: ./target/release/bot\n", "only a-z"),
    ("an underscore", "bot_2: ./target/release/bot\n", "only a-z"),
    ("64 characters", f"{'b' * 64}: ./target/release/bot\n", "only a-z"),
    ("an entry that stands twice", "bot: ./a\nbot: ./b\n", "stands twice"),
    ("no path", "bot: bot\n", "needs a path"),
    ("no command", "bot:\n", "must be `name: command`"),
]
