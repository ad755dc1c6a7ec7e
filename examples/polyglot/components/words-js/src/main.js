// Counts words, in JavaScript.

/** @type {import("acme:words/counter").Exports} */
export const counter = {
  count(text) {
    const times = new Map();
    for (const word of text.toLowerCase().match(/[\p{Alphabetic}\p{N}]+/gu) ?? []) {
      times.set(word, (times.get(word) ?? 0) + 1);
    }
    const entries = [...times].map(([word, times]) => ({ word, times }));
    return entries.sort((a, b) => b.times - a.times || (a.word < b.word ? -1 : 1));
  },

  language() {
    return "JavaScript";
  },
};
