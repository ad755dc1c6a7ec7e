//! Sorts the words that it is given by length, and says by `loop:core` what it did: records for who runs it, and numbers
//! for who watches it. At the end it reads its own numbers and prints them.

use std::process::ExitCode;

use loop_guest::log;
use loop_guest::metrics::{self, Counter, Histogram, Metric, OpenError, Reading, Sample};

const WORDS: Metric<'_> = Metric {
    name: "words_total",
    unit: "{word}",
    description: "Words that were sorted",
};

const LETTERS: Metric<'_> = Metric {
    name: "word_length",
    unit: "{letter}",
    description: "How long the words were",
};

/// Words of at most so many letters share a bucket.
const LETTERS_BOUNDS: [f64; 3] = [3.0, 6.0, 9.0];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match sort(&words) {
        Ok(()) => {
            metrics::snapshot().iter().for_each(print);
            ExitCode::SUCCESS
        }
        Err(error) => {
            log::error!("cannot open a metric: {error:?}");
            ExitCode::FAILURE
        }
    }
}

fn sort(words: &[String]) -> Result<(), OpenError> {
    let span = log::span!(info: "sort", words = words.len());
    let _entered = span.enter();
    let letters = Histogram::with_bounds(LETTERS, &[], &LETTERS_BOUNDS)?;
    for word in words {
        let length = word.chars().count();
        let kind = if length > 6 { "long" } else { "short" };
        Counter::open(WORDS, &[("kind", kind)])?.add(1);
        letters.record(length as f64);
        log::debug!(word = word, length = length; "sorted a word");
    }
    if words.is_empty() {
        log::warn!("there was nothing to sort");
    } else {
        log::info!(words = words.len(); "sorted all words");
    }
    Ok(())
}

fn print(sample: &Sample) {
    let labels: String = sample
        .labels
        .iter()
        .map(|label| format!(" {}={}", label.key, label.value))
        .collect();
    let name = &sample.metric.name;
    match &sample.reading {
        Reading::Total(total) => println!("{name}{labels}: {total}"),
        Reading::Level(level) => println!("{name}{labels}: {level}"),
        Reading::Distribution(all) => {
            println!(
                "{name}{labels}: {} measurements, {} in all",
                all.count, all.sum
            );
            for (bound, count) in &all.buckets {
                println!("  at most {bound}: {count}");
            }
        }
    }
}
