//! The fault proxy by hand: put it in front of a sandbox wiki, give its address to a job, and watch what goes through.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use wikicrew_tests::counter::MessageCounter;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::script::{FAULTS, parse_rule};

const USAGE: &str = "\
fault-proxy [--port N] [--rule 'WHAT WHICH FAULT']... API_URL

Passes requests through to API_URL (loopback only) and goes wrong where a rule says so.
Prints its own address, then a line per request. Ends with Ctrl-C.

  WHAT   * | get | post | API module | key=value, joined by commas
  WHICH  all | N | N-M | N-
  FAULT";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(std::env::args().skip(1)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fault-proxy: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(mut args: impl Iterator<Item = String>) -> Result<()> {
    let (mut port, mut rules, mut target) = (0, Vec::new(), None);
    while let Some(arg) = args.next() {
        let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "-h" | "--help" => {
                println!("{USAGE}\n{FAULTS}");
                return Ok(());
            }
            "--port" => port = value()?.parse().context("--port needs a number")?,
            "--rule" => rules.push(parse_rule(&value()?)?),
            other if other.starts_with('-') => bail!("there is no option {other}; see --help"),
            _ => target = Some(arg),
        }
    }
    let target = target.context("which API? `scripts/sandbox status` shows the addresses; see --help")?;
    let proxy = FaultProxy::start_with(&target, port, MessageCounter::new()).await?;
    for (when, fault) in rules {
        println!("rule: {when}: {}", fault.name());
        proxy.rule(when, fault);
    }
    println!("{}", proxy.url());
    proxy.tell(|call| println!("{:4} {:5} ms {call}", call.number, call.arrived.elapsed().as_millis()));
    tokio::signal::ctrl_c().await.context("waiting for Ctrl-C")
}
