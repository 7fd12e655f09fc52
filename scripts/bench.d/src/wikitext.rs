//! Measures our wikitext scanner against other parsers, on the same texts in the same run: `scripts/bench wikitext`.
//!
//! Each round runs every parser once on each text; the best time of all rounds counts, since everything else on a
//! machine only adds.

use std::collections::{BTreeMap, HashSet};
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use wikicrew_core::wikitext::scan;

use crate::texts;

/// The tags that all Wikimedia wikis have; most texts hold only `ref`.
const TAGS: [&str; 12] = [
    "nowiki",
    "pre",
    "ref",
    "references",
    "gallery",
    "math",
    "chem",
    "score",
    "syntaxhighlight",
    "poem",
    "templatestyles",
    "timeline",
];
const OURS: &str = "wikicrew (ours)";
const NATIVE: &str = "parse-wiki-text-2 0.2.0";
/// How long a Rust parser is repeated in one round.
const ROUND: Duration = Duration::from_millis(300);

/// What has to be reached on the page: MB/s, and how many times as fast as another parser.
const TARGET_MB: f64 = 150.0;
const TARGETS: [(&str, f64); 2] = [("mwparserfromhell", 250.0), ("parse-wiki-text-2", 2.0)];

/// Seconds of every run, by text and parser.
type Times = BTreeMap<(String, String), Vec<f64>>;

/// Writes the texts into `folder`, where `script` finds them for the parsers of `python`, and measures all.
pub fn run(python: &str, script: &str, folder: &Path, rounds: u32) -> Result<(), Box<dyn Error>> {
    let texts = [("page", vec![texts::page()]), ("boxes", texts::boxes())];
    std::fs::create_dir_all(folder)?;
    for (name, all) in &texts {
        std::fs::write(folder.join(format!("{name}.json")), serde_json::to_string(all)?)?;
    }
    let tags: HashSet<String> = TAGS.iter().map(|tag| (*tag).to_owned()).collect();
    for text in texts.iter().flat_map(|(_, all)| all) {
        // A scanner that stops half-way would be fast.
        let (found, wanted) = (scan(text, &tags)?.templates.len(), templates_outside_references(text));
        if found != wanted {
            return Err(format!("{found} templates found of {wanted}").into());
        }
    }
    let other = parse_wiki_text_2::Configuration::default();
    let mut times = Times::new();
    for _ in 0..rounds {
        for (name, all) in &texts {
            let ours = |text: &str| {
                scan(text, &tags)
                    .map(|found| found.templates.len())
                    .map_err(|e| e.to_string())
            };
            measure(&mut times, name, OURS, all, ours)?;
            let theirs = |text: &str| {
                other
                    .parse(text)
                    .map(|found| found.nodes.len())
                    .map_err(|e| format!("{e:?}"))
            };
            measure(&mut times, name, NATIVE, all, theirs)?;
            python_times(&mut times, name, python, script, folder)?;
        }
    }
    let mut reached = true;
    for (name, all) in &texts {
        let bytes = all.iter().map(String::len).sum();
        reached &= table(&times, name, all.len(), bytes);
    }
    if !reached {
        return Err("a target was missed".into());
    }
    Ok(())
}

/// How many templates our scanner should see: it takes `<ref>…</ref>` as a whole.
fn templates_outside_references(text: &str) -> usize {
    let mut parts = text.split("<ref name=\"n");
    let outside = |part: &str| {
        part.split_once("</ref>")
            .map_or(part, |(_, after)| after)
            .matches("{{")
            .count()
    };
    parts.next().map_or(0, |first| first.matches("{{").count()) + parts.map(outside).sum::<usize>()
}

fn measure(
    times: &mut Times,
    name: &str,
    parser: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Result<usize, String>,
) -> Result<(), String> {
    let all = times.entry((name.to_owned(), parser.to_owned())).or_default();
    let began = Instant::now();
    while began.elapsed() < ROUND {
        let start = Instant::now();
        for text in texts {
            black_box(parse(black_box(text))?);
        }
        all.push(start.elapsed().as_secs_f64());
    }
    Ok(())
}

/// Each line that the script prints: `{"parser": …, "seconds": […]}`.
fn python_times(
    times: &mut Times,
    name: &str,
    python: &str,
    script: &str,
    folder: &Path,
) -> Result<(), Box<dyn Error>> {
    let texts = folder.join(format!("{name}.json"));
    let out = Command::new(python).arg(script).arg(texts).output()?;
    if !out.status.success() {
        return Err(format!("{script}: {}", String::from_utf8_lossy(&out.stderr)).into());
    }
    for line in String::from_utf8(out.stdout)?.lines() {
        let line: Value = serde_json::from_str(line)?;
        let parser = line["parser"].as_str().ok_or("no parser")?;
        let seconds = line["seconds"].as_array().ok_or("no seconds")?;
        times
            .entry((name.to_owned(), parser.to_owned()))
            .or_default()
            .extend(seconds.iter().filter_map(Value::as_f64));
    }
    Ok(())
}

/// Prints the table of one kind of text; whether the targets, which are about the page, were reached.
fn table(times: &Times, name: &str, count: usize, bytes: usize) -> bool {
    println!("\n{name}: {count} text(s), {bytes} bytes");
    println!(
        "{:<28} {:>10} {:>10} {:>9} {:>12}",
        "parser", "best ms", "mean ms", "MB/s", "ours is"
    );
    let best = |all: &[f64]| all.iter().copied().fold(f64::INFINITY, f64::min);
    let mut rows: Vec<(&str, f64, f64)> = times
        .iter()
        .filter(|((text, _), _)| text == name)
        .map(|((_, parser), all)| (parser.as_str(), best(all), all.iter().sum::<f64>() / all.len() as f64))
        .collect();
    rows.sort_by(|a, b| a.1.total_cmp(&b.1));
    let ours = rows.iter().find(|row| row.0 == OURS).map_or(f64::INFINITY, |row| row.1);
    let speed = |seconds: f64| bytes as f64 / seconds / 1e6;
    for (parser, best, mean) in &rows {
        let ratio = format!("{:.1} x", best / ours);
        println!(
            "{parser:<28} {:>10.3} {:>10.3} {:>9.2} {ratio:>12}",
            best * 1e3,
            mean * 1e3,
            speed(*best)
        );
    }
    if name != "page" {
        return true;
    }
    let mut reached = speed(ours) >= TARGET_MB;
    println!(
        "target: {TARGET_MB:.0} MB/s: {}",
        if reached { "reached" } else { "MISSED" }
    );
    for (parser, wanted) in TARGETS {
        let ratio = rows
            .iter()
            .find(|row| row.0.starts_with(parser))
            .map_or(0.0, |row| row.1 / ours);
        let is_reached = ratio >= wanted;
        reached &= is_reached;
        println!(
            "target: {wanted:.0} x {parser}: {}",
            if is_reached { "reached" } else { "MISSED" }
        );
    }
    reached
}
