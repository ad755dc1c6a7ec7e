//! Finds what was meant by a word that is not known: a key, a name, a subcommand.

/// The most known words that a hint lists. More are no help.
const LISTED_MAX: usize = 12;

/// A hint for a word that is none of `known`: the nearest of them, or all of them when none is near.
pub fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(nearest) = nearest(word, &known) {
        return Some(format!("did you mean `{nearest}`?"));
    }
    let list = list(&known)?;
    Some(if known.len() == 1 {
        format!("known is {list}")
    } else {
        format!("known are {list}")
    })
}

/// Words in a row, quoted: `a`, `b` and `c`. None for no words or too many.
pub fn list(words: &[&str]) -> Option<String> {
    let quoted = |words: &[&str]| {
        words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match words {
        [] => None,
        words if words.len() > LISTED_MAX => None,
        [one] => Some(quoted(&[one])),
        [most @ .., last] => Some(format!("{} and `{last}`", quoted(most))),
    }
}

/// The word that `word` was probably meant to be.
pub fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    // A word longer than this is not a slip of the fingers, and measuring it takes time.
    if word.len() > 64 {
        return None;
    }
    let word = word.to_lowercase();
    known
        .iter()
        .map(|known| {
            let distance = strsim::damerau_levenshtein(&word, &known.to_lowercase());
            (*known, distance)
        })
        // One slip in every three letters, and one in any word.
        .filter(|(known, distance)| {
            *distance <= (known.chars().count().max(word.chars().count()) / 3).max(1)
        })
        .min_by_key(|(_, distance)| *distance)
        .map(|(known, _)| known)
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn a_slip_is_told_from_another_word() {
        let check = |word: &str, expected: &str| {
            let hint = did_you_mean(word, ["grants", "limits", "use"]);
            assert_eq!(hint.as_deref(), Some(expected), "{word}");
        };
        check("grant", "did you mean `grants`?");
        check("Grants", "did you mean `grants`?");
        check("limist", "did you mean `limits`?");
        check("usr", "did you mean `use`?");
        check("network", "known are `grants`, `limits` and `use`");
        check(&"x".repeat(1000), "known are `grants`, `limits` and `use`");
    }
}
