//! Measures COIBot's score, exact and as a verdict, on one core: `scripts/bench overlap`.
//!
//! Each round scores all pairs in each way; the best time of all rounds counts, in seconds of the processor, so that
//! what else runs on the machine disturbs less. The Python peers get the first pairs only, as many as they do in a
//! second or two; the one that gives the same score must give the same numbers.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use cpu_time::ThreadTime;
use serde_json::{Value, json};
use wikicrew_core::overlap::{LIMIT, Score, Scorer};

use crate::pairs;

/// How many pairs the Python peers get.
const SAMPLE: usize = 100_000;
/// What has to be reached, in pairs per second.
const EXACT: f64 = 500_000.0;
const VERDICTS: f64 = 3_000_000.0;

/// One way to score pairs: its name, how many pairs and in how many seconds.
type Row = (String, usize, f64);

/// Writes the sample into `folder`, where `script` finds it for `python`, and measures all.
pub fn run(python: &str, script: &str, folder: &Path, rounds: u32) -> Result<(), Box<dyn Error>> {
    let pairs = pairs::pairs();
    let mut scorer = Scorer::default();
    let (mut exact, mut verdicts) = (f64::INFINITY, f64::INFINITY);
    let mut scores = vec![Score::default(); pairs.len()];
    let mut over = vec![false; pairs.len()];
    for _ in 0..rounds.max(1) {
        let start = ThreadTime::now();
        for ((user, text), score) in pairs.iter().zip(&mut scores) {
            *score = scorer.score(black_box(user), black_box(text));
        }
        exact = exact.min(start.elapsed().as_secs_f64());
        let start = ThreadTime::now();
        for ((user, text), over) in pairs.iter().zip(&mut over) {
            *over = scorer.is_over(black_box(user), black_box(text), LIMIT);
        }
        verdicts = verdicts.min(start.elapsed().as_secs_f64());
    }
    let mut wrong = pairs.iter().zip(&scores).zip(&over);
    if let Some(((pair, score), over)) = wrong.find(|((_, score), over)| (score.report_ratio() > LIMIT) != **over) {
        return Err(format!("{pair:?}: {score:?}, but the verdict is {over}").into());
    }
    let hits = over.iter().filter(|over| **over).count();
    let letters = |of: fn(&(String, String)) -> &String| {
        let all: usize = pairs.iter().map(|pair| of(pair).chars().count()).sum();
        all as f64 / pairs.len() as f64
    };
    println!(
        "{} pairs, names of {:.1} and texts of {:.1} characters in the mean; {hits} over the limit of {LIMIT}; \
         all verdicts are those of the score",
        pairs.len(),
        letters(|pair| &pair.0),
        letters(|pair| &pair.1),
    );
    let mut rows = vec![
        ("verdict (ours)".to_owned(), pairs.len(), verdicts),
        ("exact score (ours)".to_owned(), pairs.len(), exact),
    ];
    let sample = pairs.iter().zip(&scores).take(SAMPLE);
    let sample: Vec<Value> = sample
        .map(|((user, text), score)| json!([user, text, score.ut, score.tu]))
        .collect();
    std::fs::create_dir_all(folder)?;
    let file = folder.join("pairs.json");
    std::fs::write(&file, serde_json::to_string(&sample)?)?;
    let out = Command::new(python)
        .arg(script)
        .arg(&file)
        .arg(rounds.to_string())
        .output()?;
    if !out.status.success() {
        return Err(format!("{script}: {}", String::from_utf8_lossy(&out.stderr)).into());
    }
    for line in String::from_utf8(out.stdout)?.lines() {
        rows.push(serde_json::from_str(line)?);
    }
    if table(&rows) {
        Ok(())
    } else {
        Err("a target was missed".into())
    }
}

/// Prints the table; whether the targets were reached.
fn table(rows: &[Row]) -> bool {
    let speed = |row: &Row| row.1 as f64 / row.2;
    let [verdicts, exact] = [speed(&rows[0]), speed(&rows[1])];
    println!(
        "\n{:<32} {:>10} {:>12} {:>14} {:>14} {:>16}",
        "one core, best of all rounds", "pairs", "CPU seconds", "pairs/s", "our score is", "our verdict is"
    );
    for row in rows {
        let [score_is, verdict_is] = [exact, verdicts].map(|ours| format!("{:.2} x", ours / speed(row)));
        println!(
            "{:<32} {:>10} {:>12.3} {:>14.0} {score_is:>14} {verdict_is:>16}",
            row.0,
            row.1,
            row.2,
            speed(row)
        );
    }
    let reached = |name: &str, target: f64, speed: f64| {
        let is_reached = speed >= target;
        let word = if is_reached { "reached" } else { "MISSED" };
        println!("target: {target:.0} {name}/s: {word}");
        is_reached
    };
    reached("exact scores", EXACT, exact) & reached("verdicts", VERDICTS, verdicts)
}
