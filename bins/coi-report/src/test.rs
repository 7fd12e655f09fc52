//! `test`: COIBot's score of a user name and a text, as its `test` command answered, or of many pairs for a program.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::json;
use shared::args::CommonArgs;
use shared::core::link::{Key, PathHosts};
use shared::core::overlap::{DETERIORATION, LIMIT, NearMiss, Score, Scorer, near, number};
use shared::core::text::terminal;

/// Flags of `test`.
#[derive(clap::Args, Clone, Debug)]
pub struct TestArgs {
    /// The user name
    #[arg(required_unless_present = "tsv", requires = "text")]
    user: Option<String>,
    /// Page title, host, or any other text
    text: Option<String>,
    /// Lines of `user<TAB>text` from a file (`-`: standard input); prints user, text, both scores, the ratio of `test` and the
    /// ratio of reports, with tabs
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user", "text", "limit", "near_misses", "near_threshold", "near_length"])]
    tsv: Option<PathBuf>,
    /// A pair is reported above this ratio, in percent
    #[arg(long, default_value_t = LIMIT, value_name = "PERCENT", value_parser = percent)]
    limit: f64,
    /// How much each further pass over short blocks is worth
    #[arg(long, default_value_t = DETERIORATION, value_name = "FACTOR", value_parser = factor)]
    deterioration: f64,
    /// Also look for names that differ in a few letters only; of a host, what was registered is compared
    #[arg(long)]
    near_misses: bool,
    /// How much alike they must be for that, in percent
    #[arg(long, default_value_t = NearMiss::default().threshold * 100.0, value_name = "PERCENT", value_parser = percent)]
    near_threshold: f64,
    /// How long both must be for that, in characters
    #[arg(long, default_value_t = NearMiss::default().min_length, value_name = "N")]
    near_length: usize,
}

fn percent(text: &str) -> Result<f64, String> {
    bounded(text, 100.0, "0 to 100")
}

fn factor(text: &str) -> Result<f64, String> {
    bounded(text, 1.0, "0 to 1")
}

fn bounded(text: &str, max: f64, range: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=max).contains(&value) => Ok(value),
        _ => Err(format!("write a number from {range}")),
    }
}

/// Prints the scores. Errs when a file cannot be read or a line has no tab.
pub fn run(test: &TestArgs, args: &CommonArgs) -> anyhow::Result<bool> {
    let mut scorer = Scorer::new(test.deterioration);
    if let Some(file) = &test.tsv {
        return table(file, &mut scorer, args.json).map(|()| true);
    }
    let (Some(user), Some(text)) = (&test.user, &test.text) else {
        bail!("write a user name and a text, or --tsv FILE");
    };
    let score = scorer.score(user, text);
    let near = test.near_misses.then(|| likeness(test, user, text)).flatten();
    let over = score.report_ratio() > test.limit;
    if args.json {
        let mut value = values(user, text, &score);
        value["over"] = json!(over);
        value["signal"] = json!(match (over, near) {
            (true, _) => Some("overlap"),
            (false, Some(_)) => Some("near miss"),
            (false, None) => None,
        });
        value["near"] = json!(near);
        println!("{value}");
        return Ok(true);
    }
    println!(
        "TEST: User:{} scores {}% (U->T) and {}% (T->U) (ratio {}%) on string {}",
        terminal(user),
        number(score.ut),
        number(score.tu),
        number(score.test_ratio()),
        terminal(text)
    );
    let (ratio, limit) = (number(score.report_ratio()), number(test.limit));
    println!(
        "{}",
        match over {
            true => format!("Over the limit: {ratio}% is more than {limit}%."),
            false => format!("Not over the limit: {ratio}% is not more than {limit}%."),
        }
    );
    if test.near_misses {
        println!(
            "{}",
            match near {
                Some(likeness) => format!(
                    "Near miss: they are {}% alike.",
                    number((likeness * 1000.0).floor() / 10.0)
                ),
                None => "No near miss.".to_owned(),
            }
        );
    }
    Ok(true)
}

fn likeness(test: &TestArgs, user: &str, text: &str) -> Option<f64> {
    let rule = NearMiss {
        threshold: test.near_threshold / 100.0,
        min_length: test.near_length,
    };
    let key = Key::from_name(text, &PathHosts::default()).ok();
    let bare = key.and_then(|key| key.bare());
    near(user, bare.as_deref().unwrap_or(text), &rule)
}

fn table(file: &Path, scorer: &mut Scorer, json: bool) -> anyhow::Result<()> {
    let input: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        let file = std::fs::File::open(file).with_context(|| format!("reading {}", file.display()))?;
        Box::new(BufReader::new(file))
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (n, line) in (1..).zip(input.lines()) {
        let line = line.with_context(|| format!("line {n}"))?;
        if line.is_empty() {
            continue;
        }
        // Some programs begin a file with a mark that is no letter.
        let line = if n == 1 {
            line.trim_start_matches('\u{feff}')
        } else {
            &line
        };
        let mut columns = line.split('\t');
        let (Some(user), Some(text)) = (columns.next(), columns.next()) else {
            bail!("line {n}: write the user name, a tab, and the text");
        };
        let score = scorer.score(user, text);
        let done = if json {
            writeln!(out, "{}", values(user, text, &score))
        } else {
            let ratios = [score.ut, score.tu, score.test_ratio(), score.report_ratio()].map(number);
            writeln!(out, "{user}\t{text}\t{}", ratios.join("\t"))
        };
        match done {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            done => done.context("writing")?,
        }
    }
    match out.flush() {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        done => done.context("writing"),
    }
}

fn values(user: &str, text: &str, score: &Score) -> serde_json::Value {
    json!({
        "user": user, "text": text, "ut": score.ut, "tu": score.tu,
        "test_ratio": score.test_ratio(), "report_ratio": score.report_ratio(),
    })
}
