// Says which part of a piece of code is what, in JavaScript: `site:pages/code`.

import { languages } from "./languages.js";

const TEXT = String.raw`"(?:\\[^]|[^"\\])*"|'(?:\\.|[^'\\\n])'`;
const NUMBER = String.raw`\b\d[\w.]*`;
const WORD = String.raw`[\p{Alphabetic}_][\p{Alphabetic}\p{N}_-]*`;

/** @type {import("site:pages/code").Exports} */
export const code = {
  highlight(code, name) {
    const language = Object.hasOwn(languages, name) ? languages[name] : undefined;
    if (!language) {
      return [{ code, kind: "other" }];
    }
    const parts = `(?<comment>${language.comment})|(?<text>${TEXT})|(?<number>${NUMBER})|${WORD}`;
    const spans = [];
    let end = 0;
    for (const match of code.matchAll(new RegExp(parts, "gu"))) {
      const { comment, text, number } = match.groups;
      const found = match[0];
      const kind =
        (comment && "comment") ||
        (text && "text") ||
        (number && "number") ||
        (language.words.has(found) && "keyword");
      if (kind) {
        if (match.index > end) {
          spans.push({ code: code.slice(end, match.index), kind: "other" });
        }
        spans.push({ code: found, kind });
        end = match.index + found.length;
      }
    }
    if (end < code.length) {
      spans.push({ code: code.slice(end), kind: "other" });
    }
    return spans;
  },
};
