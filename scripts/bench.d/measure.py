"""Times the Python parsers on a file of texts (a JSON list); prints a JSON line for each parser.

mwparserfromhell builds its whole tree in parse(); wikitextparser does nothing until it is asked for the templates.
"""

import json
import sys
import time

import mwparserfromhell
import wikitextparser

PARSERS = {
    f"mwparserfromhell {mwparserfromhell.__version__}": mwparserfromhell.parse,
    f"wikitextparser {wikitextparser.__version__}": lambda text: wikitextparser.parse(text).templates,
}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        texts = json.load(file)
    assert mwparserfromhell.parser.use_c, "mwparserfromhell runs without its C tokenizer"
    for name, parse in PARSERS.items():
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            for text in texts:
                parse(text)
            seconds.append(time.perf_counter() - start)
        print(json.dumps({"parser": name, "seconds": seconds}))


main()
