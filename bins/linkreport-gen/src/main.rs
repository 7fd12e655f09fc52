//! `linkreport-gen`: writes link, user, address and server reports from the recorded link additions. See the README.

use clap::Parser as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    linkreport_gen::run(linkreport_gen::Args::parse()).await
}
