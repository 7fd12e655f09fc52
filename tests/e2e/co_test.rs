//! `coi-report test`: COIBot's answers to the digit, from nothing but its arguments.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use wikicrew_tests::run::{Job, Run};
use wikicrew_tests::sandbox::root;

/// With an empty environment: no wiki, no database.
fn job(args: &[&str]) -> Job {
    Job::new("coi-report").args(&["test"]).args(args)
}

/// The built binary fed by a shell; `feed` is shell.
fn piped(feed: &str, args: &str) -> Result<Job> {
    let test = std::env::current_exe()?;
    let folder = test.parent().and_then(Path::parent).context("no target folder")?;
    let script = format!("{feed} | '{}' test {args}", folder.join("coi-report").display());
    let job = Job::new("coi-report").program("/bin/sh").args(&["-c", &script]);
    Ok(job.env("PATH", "/usr/bin:/bin"))
}

/// Runs to this code and wants this at the beginning of what it prints for people, or in its complaint.
async fn ensure_says(args: &[&str], code: i32, text: &str) -> Result<Run> {
    let run = job(args).run_to(code).await?;
    match code {
        0 => ensure!(run.stdout.starts_with(text), "not `{text}`:\n{run}"),
        _ => ensure!(
            run.stderr.contains(text) && run.stdout.is_empty(),
            "not `{text}`:\n{run}"
        ),
    }
    Ok(run)
}

#[tokio::test]
async fn the_score_reads_as_the_original_wrote_it() -> Result<()> {
    for (user, text, said) in [
        ("zxv", "zyxwv", "90% (U->T) and 60% (T->U) (ratio 54%)"),
        (
            "chocolatefan",
            "chocolate_chip_cookie",
            "75% (U->T) and 47.36% (T->U) (ratio 35.52%)",
        ),
        ("Acme", "acme.com", "100% (U->T) and 57.14% (T->U) (ratio 57.14%)"),
        // Characters, not bytes, and capitals of every script.
        ("Путин", "путин.рф", "100% (U->T) and 71.42% (T->U) (ratio 71.42%)"),
        (
            "ÄRZTEHAUS",
            "ärztehaus.de",
            "100% (U->T) and 81.81% (T->U) (ratio 81.81%)",
        ),
        ("", "", "0% (U->T) and 0% (T->U) (ratio 0%)"),
    ] {
        let line = format!("TEST: User:{user} scores {said} on string {text}\n");
        ensure_says(&[user, text], 0, &line).await?;
    }
    // Both are over 25 %, which is COIBot's limit; who wants another one says so. It is a limit, not a least value.
    let run = ensure_says(&["zxv", "zyxwv"], 0, "TEST").await?;
    assert!(run.stdout.ends_with("Over the limit: 54% is more than 25%.\n"), "{run}");
    let run = ensure_says(&["--limit", "54", "zxv", "zyxwv"], 0, "TEST").await?;
    assert!(
        run.stdout.ends_with("Not over the limit: 54% is not more than 54%.\n"),
        "{run}"
    );

    // A terminal is not to be written to by whoever chose a name.
    let run = job(&["\u{1b}]0;x\u{7}a\u{202e}b", "a\nTEST: User:b"]).run_ok().await?;
    assert!(!run.stdout.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{run}");
    assert_eq!(run.stdout.lines().count(), 2, "{run}");
    Ok(())
}

#[tokio::test]
async fn near_misses_are_looked_for_when_asked_and_said_to_be_such() -> Result<()> {
    let last = |run: &Run| run.stdout.lines().last().unwrap_or_default().to_owned();
    let run = ensure_says(&["acm3-widgets", "acmewidgets.com", "--near-misses"], 0, "TEST").await?;
    assert_eq!(last(&run), "Near miss: they are 83.3% alike.", "two changes of twelve");
    let run = ensure_says(
        &["acm3-widgets", "www.shop.acmewidgets.co.uk", "--near-misses"],
        0,
        "TEST",
    )
    .await?;
    assert_eq!(
        last(&run),
        "Near miss: they are 83.3% alike.",
        "what the owner chose counts"
    );
    let run = ensure_says(&["мосқовский", "московский.рф", "--near-misses"], 0, "TEST").await?;
    assert_eq!(last(&run), "Near miss: they are 90% alike.", "not its punycode");
    let run = ensure_says(&["acme", "acne", "--near-misses"], 0, "TEST").await?;
    assert_eq!(last(&run), "No near miss.", "too short to tell");
    let run = ensure_says(&["acm3-widgets", "acmewidgets.com"], 0, "TEST").await?;
    assert!(!run.says("ear miss"), "nobody asked\n{run}");

    let signal = async |args: &[&str]| -> Result<Value> {
        let run = job(&["--json", "--near-misses"]).args(args).run_ok().await?;
        let said: Value = serde_json::from_str(&run.stdout).with_context(|| run.to_string())?;
        Ok(json!([said["signal"], said["over"], said["near"].is_f64(), said["ut"]]))
    };
    assert_eq!(signal(&["zxv", "zyxwv"]).await?, json!(["overlap", true, false, 90.0]));
    let swapped = ["--limit", "99", "acm3-widgets", "acmewidgets.com"];
    assert_eq!(signal(&swapped).await?, json!(["near miss", false, true, 80.83]));
    assert_eq!(signal(&["zxv", "qqq"]).await?, json!([null, false, false, 0.0]));
    Ok(())
}

#[tokio::test]
async fn a_table_of_pairs_comes_back_with_its_scores() -> Result<()> {
    let golden = root().join("shared/core/testdata/overlap.tsv");
    let wanted = std::fs::read_to_string(&golden)?;
    let pairs = format!("cut -f 1,2 '{}'", golden.display());
    let run = piped(&pairs, "--tsv -")?.run_ok().await?;
    assert!(wanted.lines().count() >= 300 && run.stdout == wanted, "{run}");
    // A file, columns behind the second, lines as Windows ends them, empty ones: all the same.
    let run = job(&["--tsv", &golden.to_string_lossy()]).run_ok().await?;
    assert_eq!(run.stdout, wanted);
    let run = piped(r"printf 'zxv\tzyxwv\tmore\r\n\nÄ\tä\r\n'", "--tsv -")?
        .run_ok()
        .await?;
    assert_eq!(run.stdout, "zxv\tzyxwv\t90\t60\t54\t54\nÄ\tä\t100\t100\t100\t100\n");
    let run = piped(r"printf 'zxv\tzyxwv\n'", "--tsv - --json")?.run_ok().await?;
    let said: Value = serde_json::from_str(&run.stdout)?;
    let wanted =
        json!({"user": "zxv", "text": "zyxwv", "ut": 90.0, "tu": 60.0, "test_ratio": 54.0, "report_ratio": 54.0});
    assert_eq!(said, wanted);
    // Whoever reads may stop: no complaint.
    let run = piped("yes 'zxv\tzyxwv'", "--tsv - | head -n 1")?.run_ok().await?;
    assert_eq!(
        (run.stdout.as_str(), run.stderr.as_str()),
        ("zxv\tzyxwv\t90\t60\t54\t54\n", "")
    );

    let run = piped(r"printf 'zxv\tzyxwv\nno tab\n'", "--tsv -")?.run_to(1).await?;
    assert_eq!(
        run.stderr, "coi-report: line 2: write the user name, a tab, and the text\n",
        "{run}"
    );
    let run = piped(r"printf 'a\tb\n\377\tb\n'", "--tsv -")?.run_to(1).await?;
    assert!(run.stderr.starts_with("coi-report: line 2: "), "{run}");
    ensure_says(
        &["--tsv", "/no/such/file"],
        1,
        "coi-report: reading /no/such/file: No such file",
    )
    .await?;
    for limit in ["-1", "100.1", "NaN", "x"] {
        ensure_says(
            &[&format!("--limit={limit}"), "a", "b"],
            2,
            "write a number from 0 to 100",
        )
        .await?;
    }
    ensure_says(&["a"], 2, "<TEXT>").await?;
    ensure_says(&[], 2, "required").await?;
    ensure_says(&["--tsv", "-", "a", "b"], 2, "cannot be used with").await?;
    Ok(())
}
