//! Compares what is read from wikitext with a real MediaWiki. `scripts/fuzz` runs it.
//!
//! `against_mediawiki WHAT compare N SEED FILE COMMAND…`: the golden cases of FILE
//! and N fresh strings; every difference is made as short as it can be and
//! printed, and the exit code is then 1. `against_mediawiki WHAT golden FILE
//! COMMAND…` writes the wiki's answers into FILE. COMMAND is the wiki: for the
//! WHAT `wikitext` its preprocessor, see `scripts/sandbox.d/preprocess.php`,
//! for `links` its parser, see `scripts/sandbox.d/externallinks.php`.

mod golden;
mod links;
mod shrink;
mod strings;
mod tree;
mod wiki;

use std::collections::HashSet;
use std::process::ExitCode;
use wiki::Wiki;
use wikicrew_core::wikitext::scan;

/// How many strings are sent to the wiki at once.
const BATCH: usize = 500;

/// After so many differences there is no need for more.
const MAX_DIFFERENCES: usize = 20;

type Error = Box<dyn std::error::Error>;

/// What is compared.
struct Subject {
    /// The line before the wiki's answer in a golden file.
    label: &'static str,
    atoms: &'static [&'static str],
    /// What we and the wiki do not agree on: of the text, the wiki's answer and its extension tags.
    difference: fn(&str, &str, &HashSet<String>) -> Option<String>,
    /// Whether a fresh text is left out.
    is_odd: fn(&str) -> bool,
}

const SUBJECTS: [(&str, Subject); 2] = [
    (
        "wikitext",
        Subject {
            label: golden::ANSWERS[0],
            atoms: &strings::ATOMS,
            difference,
            is_odd: |_| false,
        },
    ),
    (
        "links",
        Subject {
            label: golden::ANSWERS[1],
            atoms: links::ATOMS,
            difference: links::difference,
            is_odd: links::is_odd,
        },
    ),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let subject = |name: &&str| SUBJECTS.iter().find(|(known, _)| known == name);
    let done = match (args.first().and_then(subject), args.get(1..).unwrap_or_default()) {
        (Some((_, subject)), ["golden", file, command @ ..]) => write_golden(subject, file, command),
        (Some((_, subject)), ["compare", count, seed, file, command @ ..]) => {
            compare(subject, count, seed, file, command)
        }
        _ => Err("see the head of this program's source".into()),
    };
    match done {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

/// Writes what the wiki says of each case; the number of differences is 0.
fn write_golden(subject: &Subject, file: &str, command: &[&str]) -> Result<usize, Error> {
    let mut golden = golden::read(&std::fs::read_to_string(file)?);
    let mut wiki = Wiki::start(command)?;
    golden.tags = wiki.tags.iter().cloned().collect();
    golden.tags.sort();
    golden.label = subject.label;
    let texts: Vec<&str> = golden.cases.iter().map(|case| case.text.as_str()).collect();
    let trees = wiki.trees(&texts)?;
    for (case, tree) in golden.cases.iter_mut().zip(trees) {
        case.answer = tree;
    }
    std::fs::write(file, golden::write(&golden))?;
    println!("{} answers written to {file}", golden.cases.len());
    Ok(0)
}

fn compare(subject: &Subject, count: &str, seed: &str, file: &str, command: &[&str]) -> Result<usize, Error> {
    let golden = golden::read(&std::fs::read_to_string(file)?);
    let mut wiki = Wiki::start(command)?;
    let mut differences = 0;

    let texts: Vec<&str> = golden.cases.iter().map(|case| case.text.as_str()).collect();
    let trees = wiki.trees(&texts)?;
    for (case, tree) in golden.cases.iter().zip(&trees) {
        if *tree != case.answer {
            differences += 1;
            println!("{}: the wiki's answer is no more the one in {file}:\n{tree}", case.name);
        }
        if let Some(what) = (subject.difference)(&case.text, tree, &wiki.tags) {
            differences += 1;
            println!("{}: {what}", case.name);
        }
    }
    let bases: Vec<&str> = texts.iter().copied().filter(|text| !text.is_empty()).collect();
    let count: usize = count.replace('_', "").parse()?;
    let mut random = strings::Random::new(seed.parse()?, subject.atoms);
    let mut left = count;
    let mut asked: Option<Vec<String>> = None;
    // The wiki works on one batch while the one before is compared.
    while left > 0 || asked.is_some() {
        let batch: Vec<String> = (0..left.min(BATCH)).map(|_| random.string(&bases)).collect();
        left -= batch.len();
        let next = (!batch.is_empty()).then_some(batch);
        if let Some(batch) = &next {
            wiki.ask(batch)?;
        }
        if let Some(batch) = std::mem::replace(&mut asked, next) {
            let trees = wiki.answer()?;
            let differing: Vec<&String> = batch
                .iter()
                .zip(&trees)
                .filter(|(text, tree)| {
                    !(subject.is_odd)(text) && (subject.difference)(text, tree, &wiki.tags).is_some()
                })
                .map(|(text, _)| text)
                .collect();
            if differing.is_empty() {
                continue;
            }
            // Only one question can be open while strings are shrunk.
            if let Some(batch) = asked.take() {
                wiki.answer()?;
                left += batch.len();
            }
            for text in differing.into_iter().take(MAX_DIFFERENCES + 1 - differences) {
                differences += 1;
                report(subject, &mut wiki, text)?;
            }
        }
        if differences > MAX_DIFFERENCES && (left > 0 || asked.is_some()) {
            println!("too many differences: stopped with {left} of {count} strings left");
            break;
        }
    }
    println!(
        "{} golden cases and {} fresh strings (seed {seed}): {differences} differences",
        golden.cases.len(),
        count - left,
    );
    Ok(differences)
}

/// What the scanner and the wiki do not agree on.
fn difference(text: &str, xml: &str, tags: &HashSet<String>) -> Option<String> {
    let expected = match tree::read(xml, text) {
        Ok(tree) => tree,
        Err(why) => return Some(format!("the tree cannot be read: {why}")),
    };
    let found = match scan(text, tags) {
        Ok(found) => tree::of(&found),
        Err(why) => return Some(why.to_string()),
    };
    (found != expected).then(|| format!("expected {expected:?}\nfound    {found:?}"))
}

fn report(subject: &Subject, wiki: &mut Wiki, text: &str) -> Result<(), Error> {
    let short = shrink::shrink(text, |candidates| {
        let trees = wiki.trees(candidates)?;
        let mut pairs = candidates.iter().zip(&trees);
        Ok(pairs
            .position(|(text, tree)| !(subject.is_odd)(text) && (subject.difference)(text, tree, &wiki.tags).is_some()))
    })?;
    let tree = wiki.trees(&[short.as_str()])?.remove(0);
    let what = (subject.difference)(&short, &tree, &wiki.tags).unwrap_or_default();
    println!("\ndifference: {short:?}\nwiki     {tree}\n{what}");
    Ok(())
}
