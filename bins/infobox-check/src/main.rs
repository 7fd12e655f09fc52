//! `infobox-check`: watches infobox fields against verified revisions. See the README.

use clap::Parser as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    infobox_check::run(infobox_check::Args::parse()).await
}
