//! `matchbot`: pairs newcomers with mentors. See the README.

use clap::Parser as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    matchbot::run(matchbot::Args::parse()).await
}
