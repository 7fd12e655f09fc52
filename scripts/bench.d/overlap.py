"""Times Python peers on a file of pairs (a JSON list of [user, text, score U->T, score T->U]); prints a JSON list
[name, pairs, best CPU seconds] for each.

The first gives COIBot's score, pass by pass as the bot's description has it, and must give the numbers of the file.
rapidfuzz measures something else (similarity by the longest common subsequence) and is here as a yardstick.
"""

import json
import math
import sys
import time

import rapidfuzz

LEFT_OUT = set("._<>[]*()")
DETERIORATION = 0.9
SLOW_PAIRS = 20_000


def norm(text):
    return "".join(c.lower() for c in text if c not in LEFT_OUT and not c.isspace())


def percent(needle, haystack):
    if not needle or not haystack:
        return 0.0
    share = cover(needle, haystack, len(needle), 0, len(needle), len(haystack))
    return math.floor(share * 10000) / 100


def cover(s, t, n, level, needle_len, haystack_len):
    n = min(n, len(t))
    if n == 0 or not s:
        return 0.0
    short = haystack_len // n >= 2
    weight = n / needle_len
    if short:
        for _ in range(level):
            weight *= DETERIORATION
    got = 0.0
    skipped = ""
    i = 0
    while len(s) - i >= n:
        block = s[i : i + n]
        before, found, after = t.partition(block)
        if not found:
            skipped += s[i]
            i += 1
            continue
        got += weight
        i += n
        if before:
            if skipped:
                got += cover(skipped, before, len(skipped), level, needle_len, haystack_len)
            skipped = ""
        t = after.partition(block)[0]
    rest = skipped + s[i:]
    if short:
        level += 1
    if len(rest) >= n:
        if n > 1:
            got += cover(rest, t, n - 1, level, needle_len, haystack_len)
    elif rest:
        got += cover(rest, t, len(rest), level, needle_len, haystack_len)
    return got


def coibot(pairs):
    out = []
    for user, text, _, _ in pairs:
        user, text = norm(user), norm(text)
        out.append((percent(user, text), percent(text, user)))
    return out


def ratio(pairs):
    score = rapidfuzz.fuzz.ratio
    for user, text, _, _ in pairs:
        score(user, text)


def best(work, pairs, rounds):
    times = []
    for _ in range(rounds):
        start = time.process_time()
        found = work(pairs)
        times.append(time.process_time() - start)
    return found, min(times)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        pairs = json.load(file)
    rounds = max(1, int(sys.argv[2]))
    slow = pairs[:SLOW_PAIRS]
    found, seconds = best(coibot, slow, rounds)
    for pair, scores in zip(slow, found):
        assert (pair[2], pair[3]) == scores, f"{pair}: here {scores}"
    version = ".".join(map(str, sys.version_info[:3]))
    print(json.dumps([f"the same score, Python {version}", len(slow), seconds]))
    _, seconds = best(ratio, pairs, rounds)
    print(json.dumps([f"rapidfuzz {rapidfuzz.__version__} fuzz.ratio", len(pairs), seconds]))


main()
