//! The SDKs of languages other than Rust: one component in each uses every module, and prints what it got.

use crate::copy::text;
use crate::scaffolds::Scaffold;

/// The world of both.
const WORLD: &str = include_str!("sdks/world.wit");

/// A workspace with the component of this language, outside of the repository.
fn uses_all(language: &str, file: &str, source: &str) -> Option<Scaffold> {
    let scaffold = Scaffold::made(language, "command");
    std::fs::write(scaffold.source(file), source).unwrap();
    std::fs::write(scaffold.source("../wit/world.wit"), WORLD).unwrap();
    let workspace = scaffold.workspace();
    let manifest = std::fs::read_to_string(workspace.join("loop.toml")).unwrap();
    let used = "use = \"components/a\"\n";
    let grants = "grants = { fs = [{ name = \"data\", path = \"data\", access = \"read-write\" }] }\n";
    let manifest = manifest.replace(used, &format!("{used}{grants}"));
    std::fs::write(workspace.join("loop.toml"), manifest).unwrap();
    // More files than a wrapper asks for at once, and one that is larger than can be read at once.
    let many = workspace.join("data/many");
    std::fs::create_dir_all(&many).unwrap();
    for number in 0..300 {
        std::fs::write(many.join(number.to_string()), "").unwrap();
    }
    let large = std::fs::File::create(workspace.join("data/large")).unwrap();
    large.set_len(17 << 20).unwrap();
    scaffold.with_tools(language)
}

/// What it prints, and what it logs without the times.
fn run(scaffold: &Scaffold, args: &[&str]) -> (String, String) {
    let output = scaffold.looped(args).output().unwrap();
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    let records = said.lines().filter_map(|line| {
        let (time, record) = line.split_once(' ')?;
        time.starts_with(|digit: char| digit.is_ascii_digit())
            .then(|| format!("{record}\n"))
    });
    (text(&output.stdout), records.collect())
}

#[test]
fn javascript() {
    let source = include_str!("sdks/main.js");
    let Some(scaffold) = uses_all("js", "main.js", source) else {
        return;
    };
    let (printed, logged) = run(&scaffold, &["run", "a"]);
    insta::assert_snapshot!(printed, @r#"
    logs:
    false true
    TypeError | level must be one of trace, debug, info, warn, error, not fatal
    measures:
    LoopError | cannot open the metric Requests: invalid-name (Requests) | invalid-name | Requests
    LoopError | cannot open the metric requests_total: conflict (as a counter) | conflict | as a counter
    LoopError | cannot open the metric more: invalid-bounds | invalid-bounds | -
    RangeError | amount must be a whole number from 0 to 9007199254740991, not -1
    TypeError | level must be a number, not string
    waits:
    true true
    true true 0
    LoopError | cannot wait for a timer: timed-out | timed-out | -
    LoopError | cannot start a timer: period-too-short (1000000) | period-too-short | 1000000
    RangeError | a time must be a number of milliseconds from 0 on, not -1
    rolls:
    4 0.278751 150 121 44 true 8 0
    LoopError | cannot make random bytes: too-many (65536) | too-many | 65536
    RangeError | seed must be a whole number from 0 to 9007199254740991, not 0.5
    files:
    true grüße 😀 255,254
    195,188,195 ["regular-file notes/a.txt","directory notes/old","regular-file notes/old/b.txt"]
    regular-file 13 true
    bdb64e4a2c7c5fa265e52edc1edff09204261619a2d72297bd00614aa64ab797 64
    LoopError | cannot read data/none: no-entry | no-entry | -
    LoopError | cannot read data/notes/old/b.txt as text: illegal-byte-sequence | illegal-byte-sequence | -
    LoopError | cannot read data/../x: not-permitted | not-permitted | -
    LoopError | cannot read data/large: too-large (16777216) | too-large | 16777216
    LoopError | cannot look for [ in data: invalid-pattern (unclosed character class; missing ']') | invalid-pattern | unclosed character class; missing ']'
    TypeError | algorithm must be one of blake3, sha256, not md5
    TypeError | content must be a string, not number
    TypeError | path has half of a character
    RangeError | length must be a whole number from 0 to 4294967295, not -1
    LoopError | cannot open the folder other: access | access | -
    "#);
    insta::assert_snapshot!(logged, @r#"
    info  a: fields text="a b" whole=-3 part=0.5 large=1152921504606847000 yes=true none=null list="[1,\"x\"]" big=100000000000000000000
    warn  a: Error: no text
    error a: half of a character: � �=�
    "#);
}

#[test]
fn python() {
    let source = include_str!("sdks/app.py");
    let Some(scaffold) = uses_all("python", "app.py", source) else {
        return;
    };
    // A Python is large: Winch compiles it in a fifth of the time.
    let (printed, logged) = run(&scaffold, &["run", "--winch", "--seed", "5", "a"]);
    insta::assert_snapshot!(printed, @r#"
    logs:
    False True
    ValueError | level must be one of trace, debug, info, warn, error, not 'fatal'
    measures:
    LoopError | cannot open the metric Requests: invalid-name (Requests) | invalid-name | Requests
    LoopError | cannot open the metric requests_total: conflict (as a counter) | conflict | as a counter
    LoopError | cannot open the metric more: invalid-bounds | invalid-bounds | None
    ValueError | amount must be from 0 to 18446744073709551615, not -1
    ValueError | amount must be from 0 to 18446744073709551615, not 18446744073709551616
    ValueError | could not convert string to float: 'three'
    waits:
    True True
    True True 0
    LoopError | cannot wait for a timer: timed-out | timed-out | None
    LoopError | cannot start a timer: period-too-short (1000000) | period-too-short | 1000000
    ValueError | a time must be a number of seconds from 0 on, not -1
    rolls:
    4 0.278751 15488392906492639638 407280 True 8 0 5
    LoopError | cannot make random bytes: too-many (65536) | too-many | 65536
    ValueError | seed must be from 0 to 18446744073709551615, not -1
    files:
    True grüße 😀 b'\xff\xfe'
    b'\xc3\xbc\xc3' ['regular-file notes/a.txt', 'directory notes/old', 'regular-file notes/old/b.txt']
    regular-file 13 True
    bdb64e4a2c7c5fa265e52edc1edff09204261619a2d72297bd00614aa64ab797 64
    many/299
    LoopError | cannot read data/none: no-entry | no-entry | None
    LoopError | cannot read data/notes/old/b.txt as text: illegal-byte-sequence | illegal-byte-sequence | None
    LoopError | cannot read data/../x: not-permitted | not-permitted | None
    LoopError | cannot read data/large: too-large (16777216) | too-large | 16777216
    LoopError | cannot look for [ in data: invalid-pattern (unclosed character class; missing ']') | invalid-pattern | unclosed character class; missing ']'
    ValueError | algorithm must be one of blake3, sha256, not 'md5'
    TypeError | content must be a str, not int
    ValueError | path has half of a character
    ValueError | length must be from 0 to 4294967295, not -1
    LoopError | cannot open the folder other: access | access | None
    "#);
    insta::assert_snapshot!(logged, @r#"
    info  a: fields text="a b" whole=-3 part=0.5 large=18446744073709551615 huge=18446744073709551616 yes=true none=None list="[1, 'x']"
    warn  a: 'no text'
    error a: half of a character: ? ?=?
    "#);
}
