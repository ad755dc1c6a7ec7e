//! Reads what the host says to add, and adds it as a user would.

/// `hint: …, write at loop.toml:8, under [app.a.component.c]:`, and the lines below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Advice {
    /// The line of `loop.toml`, from 1.
    line: usize,
    header: String,
    /// What to write.
    pub(crate) text: String,
}

/// The advice in what was said.
pub(crate) fn advice(said: &str) -> Vec<Advice> {
    let mut all = Vec::new();
    let mut lines = said.lines().peekable();
    while let Some(line) = lines.next() {
        let parts = line
            .split_once("write at loop.toml:")
            .and_then(|(_, rest)| {
                let (line, rest) = rest.split_once(", under ")?;
                Some((line.parse().ok()?, rest.strip_suffix(':')?.to_owned()))
            });
        let Some((line, header)) = parts.filter(|_| line.starts_with("hint: ")) else {
            continue;
        };
        let mut text = String::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("      ")) {
            text.extend([line.trim_start(), "\n"]);
        }
        all.push(Advice { line, header, text });
    }
    all
}

impl Advice {
    /// Writes it where it says: below the header, in place of the `grants` that stand there.
    ///
    /// # Panics
    /// If the line that it names is neither.
    pub(crate) fn paste(&self, manifest: &str) -> String {
        let named = manifest.lines().nth(self.line - 1).unwrap_or_default();
        assert!(
            named == self.header || named.starts_with("grants = "),
            "loop.toml:{} is `{named}`: {self:?}",
            self.line
        );
        let mut pasted = String::new();
        let mut within = false;
        for line in manifest.lines() {
            within = if line.starts_with('[') {
                line == self.header
            } else {
                within
            };
            if !(within && line.starts_with("grants = ")) {
                pasted.extend([line, "\n"]);
            }
            if line == self.header {
                pasted.push_str(&self.text);
            }
        }
        pasted
    }
}

/// A `loop.toml` without the grants of its components. Those of providers stay: where something is kept, nobody but its author knows.
pub(crate) fn without_grants(manifest: &str) -> String {
    let mut kept = String::new();
    let mut of_component = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            of_component = line.contains(".component.");
        }
        if !(of_component && line.starts_with("grants = ")) {
            kept.extend([line, "\n"]);
        }
    }
    assert_ne!(kept, manifest, "there is no grant");
    kept
}

#[test]
fn advice_is_read_and_pasted() {
    let said = "denied: x\nhint: to allow it, write at loop.toml:2, under [b]:\n      grants = { env = [\"A\"] }\n      trusted = true\nend";
    let all = advice(said);
    assert_eq!(all.len(), 1);
    for manifest in [
        "[a]\n[b]\nuse = 1\n[c]\n",
        "[a]\n[b]\ngrants = {}\nuse = 1\n[c]\n",
    ] {
        assert_eq!(
            all[0].paste(manifest),
            "[a]\n[b]\ngrants = { env = [\"A\"] }\ntrusted = true\nuse = 1\n[c]\n"
        );
    }
}
