//! The list of tasks.

/// A task.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) name: String,
    /// The tasks whose output it reads, one after the other. They stand before it, so no task waits for itself.
    pub(crate) reads: Vec<usize>,
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
}

/// Reads lines of the form `name < other tasks = program arguments`.
pub(crate) fn parse(text: &str) -> Result<Vec<Task>, String> {
    let mut tasks: Vec<Task> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let bad = |why: &str| format!("`{line}` {why}");
        let (head, command) = line.split_once('=').ok_or_else(|| bad("has no `=`"))?;
        let (name, reads) = head.split_once('<').unwrap_or((head, ""));
        let reads = reads.split_whitespace().map(|other| {
            let before = tasks.iter().position(|task| task.name == other);
            before.ok_or_else(|| bad(&format!("reads `{other}`, which does not stand before it")))
        });
        let reads = reads.collect::<Result<_, _>>()?;
        let mut words = command.split_whitespace().map(str::to_owned);
        tasks.push(Task {
            name: name.trim().to_owned(),
            reads,
            program: words.next().ok_or_else(|| bad("has no program"))?,
            arguments: words.collect(),
        });
    }
    Ok(tasks)
}
