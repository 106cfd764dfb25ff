//! Entry point: parses the command line and runs the command.

use std::process::ExitCode;

use clap::Parser;
use expert_bank::cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    expert_bank::cli::run(Cli::parse()).await
}
