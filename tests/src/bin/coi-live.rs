//! How fast coi-report reads edits from a wiki that takes 300 ms for each answer: the *live* half of `scripts/bench coi`,
//! which says what is printed. The edits are those of a file of recorded events, saved to the sandbox's wiki.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use wikicrew_tests::calls::Call;
use wikicrew_tests::coi::Coi;
use wikicrew_tests::links::{counted, seconds_ago};
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::sandbox::{BulkEdit, NewPage};
use wikicrew_tests::sse::EventStreams;

/// What each request waits.
const WAIT: Duration = Duration::from_millis(300);
/// Longer pauses between requests are waiting for events and not counted: nothing is computed so long.
const IDLE: Duration = Duration::from_secs(1);
/// Requests for 1,000 edits that are allowed with the stream of links, and without.
const WITH_LINKS: f64 = 8.0;
const WITHOUT: f64 = 45.0;
/// Edits in a second: English Wikipedia (its revision numbers grew by some 73 million in 2024), and the events of
/// `recentchange` of all wikis (mean of 2025-04-30 to 2025-09-08), of which the 50 biggest wikis have nearly all.
const RATES: [(&str, f64); 2] = [
    ("1 wiki (English Wikipedia)", 2.3),
    ("50 wikis, or all of Wikimedia", 32.4),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, replayed] = &args[..] else {
        eprintln!("coi-live EVENTS REPLAYED: a file of recorded events, and how many a second are replayed");
        return ExitCode::from(2);
    };
    match measure(file, replayed.parse().unwrap_or(0.0)).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("coi-live: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether the targets were reached.
async fn measure(file: &str, replayed: f64) -> Result<bool> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {file}"))?;
    let edits: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    // Each page once: then the text that is saved first is the parent's.
    let mut pages = BTreeSet::new();
    let is_first = |edit: &&Value| pages.insert((edit["wiki"].to_string(), edit["page_id"].to_string()));
    let edits: Vec<&Value> = edits.iter().filter(is_first).collect();
    let plain = live(&edits, "recentchanges", false).await?;
    let mut reached = plain.tell("without the stream of links", WITHOUT);
    let streamed = live(&edits, "eventstreams", true).await?;
    reached &= streamed.tell("with the stream of links", WITH_LINKS);
    println!(
        "\n{:<32} {:>12} {:>12}",
        "to catch up after an outage of", "a day", "a week"
    );
    let ways = [
        ("live, recentchanges", plain.speed()),
        ("live, event streams", streamed.speed()),
        ("replayed from a file", replayed),
    ];
    for (what, rate) in RATES {
        println!("{what}, {rate} edits/s:");
        for (way, speed) in ways.iter().filter(|(_, speed)| *speed > 0.0) {
            let hours = |days: f64| format!("{:.1} h", days * 24.0 * rate / speed);
            println!("  {way:<30} {:>12} {:>12}", hours(1.0), hours(7.0));
        }
    }
    Ok(reached)
}

/// What one run took.
struct Live {
    edits: usize,
    /// Without the time in which only the stream was listened to.
    seconds: f64,
    /// Those that grow with the edits: lists, texts, users, blacklists.
    requests: u64,
    /// Those that each run makes: login, settings, site information, checks before edits, status page.
    fixed: u64,
    bytes: usize,
    summary: String,
}

impl Live {
    fn speed(&self) -> f64 {
        self.edits as f64 / self.seconds
    }

    /// Prints it; whether there were few enough requests.
    fn tell(&self, what: &str, most: f64) -> bool {
        let of_thousand = |n: f64| n * 1_000.0 / self.edits as f64;
        let requests = of_thousand(self.requests as f64);
        println!(
            "{what}: {} edits in {:.1} s, {:.0} edits/s",
            self.edits,
            self.seconds,
            self.speed()
        );
        println!("       {}", self.summary);
        let sign = if requests <= most { "ok    " } else { "MISSED" };
        let kilobytes = of_thousand(self.bytes as f64) / 1e3;
        println!(
            "{sign} requests for 1,000 edits: {requests:.1} (target {most}) and {} once in a run; {kilobytes:.0} kB as they came",
            self.fixed
        );
        requests <= most
    }
}

/// Saves the edits and lets a scheduled run read them.
async fn live(edits: &[&Value], source: &str, has_streams: bool) -> Result<Live> {
    let mut coi = Coi::with(json!([{ "wiki": "here", "source": source }])).await?;
    let proxy = FaultProxy::start(&coi.world.wiki.api).await?;
    if has_streams {
        coi.streams = Some(EventStreams::start().await?);
    }
    let title = |n: usize| coi.world.own(&format!("Live {n}"));
    // The wiki's parser sees only links that a template shows.
    let cite = "[{{{url}}} {{{title}}}] {{#if:{{{archive-url|}}}|[{{{archive-url}}} archived]}}";
    coi.world
        .load(&[NewPage::new(&coi.world.own("Template:Cite web"), cite)])
        .await?;
    let own = |text: &str| text.replace("{{cite web", &format!("{{{{{} Cite web", coi.world.prefix));
    for (start, some) in edits.chunks(50).enumerate() {
        let page = |(n, edit): (usize, &&Value)| {
            let text = edit["parent_text"].as_str().unwrap_or_default();
            NewPage::new(&title(start * 50 + n), &own(text)).by(&coi.world.own("Founder"))
        };
        let pages: Vec<NewPage> = some.iter().enumerate().map(page).collect();
        coi.world.load(&pages).await?;
    }
    let url = proxy.url().trim_start_matches("http://");
    let host = url.split('/').next().unwrap_or_default();
    let job = coi
        .job()
        .through(&proxy)
        .env("WIKICREW_API_HOSTS", host)
        .env("WIKICREW_STREAM_SECONDS", "5")
        .within(Duration::from_secs(3_600));
    coi.first_run(&job).await?;
    let since = seconds_ago(0);
    let bulk = |(n, edit): (usize, &&Value)| {
        let name = edit["performer"]["user_text"].as_str().unwrap_or_default();
        BulkEdit {
            title: title(n),
            user: coi.world.own(&name.replace(['~', '.'], " ")),
            text: own(edit["text"].as_str().unwrap_or_default()),
            at: seconds_ago(0),
        }
    };
    let saved: Vec<BulkEdit> = edits.iter().enumerate().map(bulk).collect();
    coi.world.wiki.bulk(&saved).await?;
    if has_streams {
        coi.tell_streams_of(proxy.url(), &since).await?;
        coi.streams_go_on(120)?;
    }
    proxy.forget();
    proxy.rule(When::any(), Fault::Delay(WAIT));
    let run = job.run_ok().await?;
    let calls = proxy.calls();
    let first = calls
        .iter()
        .map(|call| call.arrived)
        .min()
        .context("the wiki was not asked")?;
    // Requests come one after the other, or some at once; they are in the order of their arrival.
    let mut until = first;
    let mut taken = Duration::ZERO;
    for (arrived, finished) in calls.iter().filter_map(|call| Some((call.arrived, call.finished?))) {
        let pause = arrived.saturating_duration_since(until);
        taken += if pause < IDLE { pause } else { Duration::ZERO };
        taken += finished.saturating_duration_since(until.max(arrived));
        until = until.max(finished);
    }
    let requests = counted(&run, "reads")? + counted(&run, "lookups")?;
    Ok(Live {
        edits: edits.len(),
        seconds: taken.as_secs_f64(),
        requests,
        fixed: (calls.len() as u64).saturating_sub(requests),
        bytes: calls.iter().map(|call: &Call| call.bytes).sum(),
        summary: run.summary()?.trim().to_owned() + &format!(" (hits={})", counted(&run, "hits")?),
    })
}
