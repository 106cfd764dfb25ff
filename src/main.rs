//! Entry point: parses the command line and runs the command.

use std::process::ExitCode;

use clap::Parser;
use expert_bank::cli::Cli;

/// A fifth of the time of a load went into the allocator of the C library.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    expert_bank::cli::run(Cli::parse()).await
}
