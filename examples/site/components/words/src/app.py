"""Finds the words of a text, in Python: `site:pages/words`."""

import re
from collections import Counter

from wit_world import exports
from wit_world.exports.words import Word


class Words(exports.Words):
    def count(self, text: str) -> list[Word]:
        times = Counter(re.findall(r"[^\W_]+", text.lower()))
        return [Word(word, n) for word, n in times.items()]
