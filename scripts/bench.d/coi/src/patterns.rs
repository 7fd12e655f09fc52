//! 10,000 patterns of a monitor list against addresses: memory and time of each address.

use crate::texts::Dice;
use crate::{Outcome, target};
use std::hint::black_box;
use std::time::Instant;
use wikicrew_core::patterns::{MAX_PATTERNS, Patterns};

/// Addresses that are looked at.
const URLS: u64 = 50_000;
/// Patterns without anything that an automaton could look for.
const BARE: usize = 150;

/// As people write them, by a number.
fn pattern(n: usize) -> String {
    match n {
        n if n < BARE => format!(
            "[a-z]{{{},{}}}[0-9]{{3}}(\\.|-)[a-z]{{2,4}}/[^/]+$",
            5 + n % 4,
            9 + n % 7
        ),
        n if n % 5 == 0 => format!("\\bcheap-?pills{n}\\.example\\b"),
        n if n % 5 == 1 => format!("(buy|order|get)-?(now-?)?brand{n}\\.(com|net|org|example)"),
        n if n % 5 == 2 => format!("casino[-_]?{n}[a-z]*\\.example/.*(bonus|free)"),
        n if n % 5 == 3 => format!("shop{n}\\.example"),
        n => format!("\\.host{n}\\.example/(blog|news)/[0-9]{{4}}/"),
    }
}

/// One address in five has the number of a pattern.
fn address(dice: &mut Dice) -> String {
    let n = dice.below(MAX_PATTERNS as u64 * 5);
    let path = dice.below(1_000_000);
    match n % 4 {
        0 => format!("https://www.shop{n}.example/products/{path}?ref=page"),
        1 => format!("http://news.host{n}.example/blog/2019/{path}/a-title-of-some-words.html"),
        2 => {
            format!("https://web.archive.org/web/20190304050607/http://www.host{n}.example/{path}/index.php?id={path}")
        }
        _ => format!("https://www.some-newspaper{n}.example/world/2026/11/{path}-the-title-of-an-article"),
    }
}

/// Resident memory of this process, in bytes.
fn memory() -> Outcome<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()).ok_or("no VmRSS")?;
    Ok(kilobytes.parse::<f64>()? * 1024.0)
}

/// Measures both; the time of the slowest hundredth is told beside the mean.
pub fn measure() -> Outcome<bool> {
    let texts: Vec<String> = (0..MAX_PATTERNS).map(pattern).collect();
    let mut dice = Dice::new(1);
    let urls: Vec<String> = (0..URLS).map(|_| address(&mut dice)).collect();
    let mut micros = Vec::with_capacity(urls.len());
    let before = memory()?;
    let began = Instant::now();
    let (mut patterns, refused) = Patterns::new(texts.iter().map(String::as_str).enumerate());
    let built = began.elapsed().as_secs_f64();
    if !refused.is_empty() {
        return Err(format!("{} patterns are not checked: {}", refused.len(), refused[0].why).into());
    }
    let mut hits = 0;
    for url in &urls {
        let began = Instant::now();
        hits += usize::from(!black_box(patterns.matches(url)).is_empty());
        micros.push(began.elapsed().as_secs_f64() * 1e6);
    }
    let taken = (memory()? - before) / 1e6;
    let mean = micros.iter().sum::<f64>() / micros.len() as f64 / 1e3;
    micros.sort_by(f64::total_cmp);
    let slow = micros[micros.len() * 99 / 100] / 1e3;
    println!(
        "       {MAX_PATTERNS} patterns made ready in {built:.2} s; {hits} of {URLS} addresses meet one; p99 {slow:.3} ms"
    );
    let memory = target(
        "memory of 10,000 patterns",
        taken <= 50.0,
        &format!("{taken:.1} MB"),
        "50 MB",
    );
    let time = target(
        "time of an address, mean",
        mean <= 0.1,
        &format!("{mean:.4} ms"),
        "0.1 ms",
    );
    Ok(memory && time)
}
