"""Whole report pages, on the database of scripts/bench reports: what linkreport-gen takes for each, by its own log.

    pages.py LINKREPORT_GEN N

Makes the report of the biggest host five times and of N others once each, as a dry run, so that nothing is written. The
time of a page is that for the database and for the text; what the wikis take is told beside it and not judged. Prints a
table; exits 1 when a target is missed.
"""

import random
import re
import resource
import subprocess
import sys

ENDS = ["com", "org", "net", "de", "co.uk", "info"]
READ, MADE, ASKED = "read what is recorded", "made the page", "asked the wikis"


def host(i):
    """The name of host number i of the made additions."""
    name, end = f"example-{i}", ENDS[i % 6]
    return f"shop.example-{i - 6}.{end}" if i % 8 == 7 else f"{name}.{end}"


def number(log, message, field):
    found = re.search(rf"{message}[^\n]*\b{field}=(\d+)|\b{field}=(\d+)[^\n]*{message}", log)
    if not found:
        sys.exit(f"no line `{message}` with {field}= in the log:\n{log[-2000:]}")
    return int(found[1] or found[2])


def page(binary, name):
    """Milliseconds for database and text, for the wikis, and bytes; None where nothing is recorded."""
    command = [binary, "-v", "--dry-run", "link", name, "--output", "page"]
    done = subprocess.run(command, capture_output=True, text=True)
    if "made the page" not in done.stderr:
        if "Errors: False" in done.stderr:
            return None
        sys.exit(done.stderr[-3000:])
    log = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr)
    return number(log, READ, "ms") + number(log, MADE, "ms"), number(log, ASKED, "ms"), number(log, MADE, "bytes")


def told(what, found, target, judged):
    times = sorted(one[0] for one in found)
    p50, p99 = times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)]
    is_ok = {"p50": p50, "p99": p99}[judged] <= target
    size = max(one[2] for one in found) // 1024
    wikis = sorted(one[1] for one in found)[len(found) // 2]
    print(
        f"{'ok    ' if is_ok else 'MISSED'} {what}: p50 {p50} ms, p99 {p99} ms, target {judged} {target} ms; "
        f"{len(found)} pages of at most {size} kB; the wikis {wikis} ms"
    )
    return is_ok


def main():
    binary, n = sys.argv[1], int(sys.argv[2])
    random.seed(7)
    biggest = [page(binary, host(0)) for _ in range(5)]
    if None in biggest:
        sys.exit("nothing is recorded of the biggest host")
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    others = [page(binary, host(random.randrange(1, 100_000))) for _ in range(n)]
    is_ok = told("page of the biggest host", biggest, 1000, "p99")
    is_ok &= told("pages of hosts drawn evenly", [one for one in others if one], 100, "p50")
    print(f"{'ok    ' if memory <= 60 else 'MISSED'} memory of the biggest one: {memory} MB, target 60 MB")
    sys.exit(not (is_ok and memory <= 60))


main()
