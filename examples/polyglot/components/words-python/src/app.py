"""Counts words, in Python."""

import re
from collections import Counter as Counts

from wit_world import exports
from wit_world.exports.counter import Entry


class Counter(exports.Counter):
    def count(self, text: str) -> list[Entry]:
        times = Counts(re.findall(r"[^\W_]+", text.lower()))
        return [Entry(word, n) for word, n in sorted(times.items(), key=lambda item: (-item[1], item[0]))]

    def language(self) -> str:
        return "Python"
