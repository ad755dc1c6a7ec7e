// What words and comments languages have.

const RUST =
  "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait true type unsafe use where while";
const JAVASCRIPT =
  "as async await break case catch class const continue default delete do else export extends false finally for from function if import in instanceof interface let new null of return static super switch this throw true try type typeof undefined var void while yield";
const PYTHON =
  "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield";
const WIT =
  "bool borrow char constructor enum export f32 f64 flags from func future import include interface list option own package record resource result s16 s32 s64 s8 static stream string tuple type u16 u32 u64 u8 use variant with world";
const SHELL = "case do done elif else esac export fi for function if in then while";

const SLASHES = String.raw`//.*|/\*[^]*?\*/`;
const HASH = String.raw`(?<![^\s])#.*`;

const language = (words, comment) => ({ words: new Set(words.split(" ")), comment });

const javascript = language(JAVASCRIPT, SLASHES);
const shell = language(SHELL, HASH);

/** The languages, by the names that Markdown gives them. */
export const languages = {
  bash: shell,
  console: shell,
  javascript,
  js: javascript,
  json: language("false null true", "(?!)"),
  python: language(PYTHON, HASH),
  rust: language(RUST, SLASHES),
  sh: shell,
  toml: language("false true", HASH),
  ts: javascript,
  typescript: javascript,
  wit: language(WIT, SLASHES),
};
