//! `coi-report`: records added links, and compares names with texts. See the README.

use clap::Parser as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    coi_report::run(coi_report::Args::parse()).await
}
