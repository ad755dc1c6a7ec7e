//! Reads the blocks of code in a README.

/// A command of a `console` block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Typed {
    /// What stands behind `$`.
    pub(crate) command: String,
    /// What stands below.
    pub(crate) prints: String,
}

impl Typed {
    /// The words of the command. None of ours needs quotes.
    pub(crate) fn words(&self) -> Vec<&str> {
        assert!(!self.command.contains(['\'', '"', '\\']), "{self:?}");
        self.command.split_whitespace().collect()
    }
}

/// The commands of all `console` blocks, in their order.
pub(crate) fn console(readme: &str) -> Vec<Typed> {
    let mut all: Vec<Typed> = Vec::new();
    for line in blocks(readme, "console")
        .iter()
        .flat_map(|block| block.lines())
    {
        match (line.strip_prefix("$ "), all.last_mut()) {
            (Some(command), _) => all.push(Typed {
                command: command.to_owned(),
                prints: String::new(),
            }),
            (None, Some(typed)) => typed.prints.extend([line, "\n"]),
            (None, None) => panic!("`{line}` is printed by no command"),
        }
    }
    all
}

/// The blocks of this language.
pub(crate) fn blocks(readme: &str, language: &str) -> Vec<String> {
    let start = format!("```{language}");
    let mut blocks = Vec::new();
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            let block = lines.by_ref().take_while(|line| *line != "```");
            let block: String = block.flat_map(|line| [line, "\n"]).collect();
            if line == start {
                blocks.push(block);
            }
        }
    }
    blocks
}

#[test]
fn blocks_are_read() {
    let readme =
        "a\n```console\n$ loop run a -- b\nc\nd\n$ loop check\n```\n```toml\n$ not = this\n```\n";
    let typed = |command: &str, prints: &str| Typed {
        command: command.to_owned(),
        prints: prints.to_owned(),
    };
    assert_eq!(
        console(readme),
        [typed("loop run a -- b", "c\nd\n"), typed("loop check", "")]
    );
    assert_eq!(blocks(readme, "toml"), ["$ not = this\n"]);
}
