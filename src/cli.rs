//! The command line.

use std::fs::File;
use std::io::{BufReader, IsTerminal, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::access::actor::Role;
use crate::access::matrix;
use crate::access::password::check_new;
use crate::access::permit::Scope;
use crate::access::token::Opaque;
use crate::accounts::manage::{NewAccount, created_event};
use crate::accounts::store as account_store;
use crate::audit::chain;
use crate::audit::event::{Event, Recorder};
use crate::config::{DataArgs, ServeArgs};
use crate::db::schema::organisations;
use crate::experts::load::{Options, Report};
use crate::kernel::problem::Problem;
use crate::kernel::redacted::Redacted;
use crate::kernel::sheet::Sheet;
use crate::start::{self, StartError, Store};
use crate::{associations, demo, experts, fields, openapi, organisations as organisation_slice, panels, reference};

/// Writes a line for the user. `println!` would panic when the reader of a pipe has gone (`expert-bank serve | head -1`),
/// and a server must not stop for that.
macro_rules! say_out {
    ($($text:tt)*) => { drop(writeln!(std::io::stdout(), $($text)*)) };
}

/// The same on standard error.
macro_rules! say_err {
    ($($text:tt)*) => { drop(writeln!(std::io::stderr(), $($text)*)) };
}

/// The expert bank of a provincial Union of Science and Technology Associations: a JSON API over PostgreSQL.
///
/// Without DATABASE_URL it runs a private PostgreSQL of its own in the data folder and stops it when nobody uses it.
/// Every flag can also be set by the environment variable named beside it.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    data: DataArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server: brings the schema and the reference data up to date, then listens
    Serve(ServeArgs),
    /// Bring the schema up to date and stop
    Migrate,
    /// Load data from a file; a second time without effect. Reference data is taken whole or not at all
    #[command(subcommand)]
    Load(Load),
    /// Load the demo and stop; refuses a database that holds other data
    Demo,
    /// Manage accounts
    #[command(subcommand)]
    Account(Account),
    /// Print the OpenAPI document
    Openapi,
    /// Print the authorization matrix (docs/authorization.md)
    Authorization,
    /// Ask the server on this machine whether it is ready; the exit code is 0 if so. For supervisors and containers
    Health(HealthArgs),
    /// Look after the audit log
    #[command(subcommand)]
    Audit(Audit),
    /// Assign experts to requests: reads scores, demands, loads and forbidden pairs from a JSON file (docs/matching.md) and
    /// prints who sits where; needs no database
    Assign {
        /// The file
        file: PathBuf,
    },
    /// Print invented experts, one a line as `load experts` takes them; the same ones each time. For tests and benchmarks
    #[command(hide = true)]
    People {
        /// How many
        count: usize,
    },
}

#[derive(Debug, Subcommand)]
enum Load {
    /// Fields of science and technology (CSV: code, parent_code, level, name_vi, name_en[, scheme])
    Fields(LoadFile),
    /// Groups of fields, "nhóm ngành, lĩnh vực" (CSV: code, scheme, name_vi, name_en, science_field_codes[, source])
    FieldGroups(LoadFile),
    /// Academic ranks and degrees (CSV: scheme, code, name_vi, name_en, abbreviation, rank[, note])
    Titles(LoadFile),
    /// Provinces (CSV: code, name, type, valid_from[, valid_to, succeeded_by])
    Provinces(LoadFile),
    /// Holidays and days worked in exchange (CSV: date, kind, name[, status])
    Holidays(LoadFile),
    /// Consent texts (CSV: purpose, version, valid_from, title_vi, title_en, text_vi, text_en). A known version stays as it is
    ConsentTexts(LoadFile),
    /// Dated settings (CSV: name, valid_from, value[, legal_reference]), such as the Union's own province
    Settings(LoadFile),
    /// Organisations (CSV: name_vi, kind, valid_from, valid_to, source[, code, name_en, short_vi, province_code, parent,
    /// succeeded_by, succession_kind, status, establishment_decision, note]). One edited here since it was loaded is left
    Organisations(LoadFile),
    /// Associations (CSV: as organisations, and scope, science_field, member_of): the organisations and what is kept beside.
    /// One edited here since it was loaded is left
    Associations(LoadFile),
    /// Experts, one JSON object a line; needs external_id and full_name. Broken lines are reported with their number
    /// and the others loaded; the exit code is 1 when there were any. A record edited here since it was loaded is left
    Experts(LoadExperts),
}

#[derive(Debug, Args)]
struct LoadFile {
    /// The file
    file: PathBuf,
}

#[derive(Debug, Args)]
struct LoadExperts {
    /// The file (NDJSON, UTF-8)
    file: PathBuf,
    /// Name of the source; its records are told apart by external_id
    #[arg(long, env = "EXPERT_BANK_SOURCE", default_value = "file", value_parser = source_name)]
    source: String,
}

fn source_name(text: &str) -> Result<String, String> {
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
    let goes_on = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c));
    if begins && goes_on && text.len() <= 32 {
        Ok(text.to_owned())
    } else {
        Err("1 to 32 of a-z, 0-9, `_`, `-`, beginning with a letter".to_owned())
    }
}

#[derive(Debug, Subcommand)]
enum Account {
    /// Create an account; prints a one-time token with which its owner sets a password
    Create(CreateAccount),
}

#[derive(Debug, Args)]
struct CreateAccount {
    /// User name: 2 to 64 of a-z 0-9 . _ -
    #[arg(long, env = "EXPERT_BANK_ACCOUNT_USERNAME")]
    username: String,
    /// expert, association, agency, science_dept, union_officer, union_leader, auditor or admin
    #[arg(long, env = "EXPERT_BANK_ACCOUNT_ROLE", value_parser = role)]
    role: Role,
    /// Name to show; the user name by default
    #[arg(long, env = "EXPERT_BANK_ACCOUNT_DISPLAY_NAME")]
    display_name: Option<String>,
    /// Code of its organisation; needed for association, agency and science_dept
    #[arg(long, env = "EXPERT_BANK_ACCOUNT_ORGANISATION")]
    organisation: Option<String>,
    /// Id or code (CG-000123) of its expert; needed for the role expert
    #[arg(long, env = "EXPERT_BANK_ACCOUNT_EXPERT")]
    expert: Option<String>,
    /// Read the password from standard input instead of printing a token
    #[arg(long, env = "EXPERT_BANK_ACCOUNT_PASSWORD_STDIN")]
    password_stdin: bool,
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| {
        let roles: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("one of {}", roles.join(", "))
    })
}

#[derive(Debug, Args)]
struct HealthArgs {
    /// Address and port the server listens on
    #[arg(long, env = "EXPERT_BANK_BIND", default_value = "127.0.0.1:8080")]
    bind: SocketAddr,
}

#[derive(Debug, Subcommand)]
enum Audit {
    /// Walk the whole hash chain and say whether anything was altered; the exit code is 1 if so
    Verify,
}

/// Runs a command; errors go to standard error, as people read them.
pub async fn run(cli: Cli) -> ExitCode {
    log();
    // `serve` finishes what has begun when it is told to stop; every other command drops its work, which the database rolls
    // back, and leaves the embedded server on the way out
    let served = matches!(cli.command, Command::Serve(_));
    let done = tokio::select! {
        done = dispatch(cli) => done,
        () = start::stop_signal(), if !served => Err(StartError::Refused("stopped; what was not finished was rolled back".to_owned())),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            say_err!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Logs go to standard error: lines for people on a terminal, JSON otherwise. `EXPERT_BANK_LOG` filters.
fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("EXPERT_BANK_LOG");
    let filter =
        filter.unwrap_or_else(|_unset| tracing_subscriber::EnvFilter::new("info,actix_server=warn,actix_http=off"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if std::io::stderr().is_terminal() { builder.try_init() } else { builder.json().try_init() };
    // a second start in one process keeps the first logger
    drop(started);
}

async fn dispatch(cli: Cli) -> Result<ExitCode, StartError> {
    let data = cli.data;
    match cli.command {
        Command::Serve(args) => start::serve(&data, &args).await?,
        Command::Openapi => say_out!("{}", openapi::json().map_err(Problem::internal)?.trim_end()),
        Command::Health(args) => return health(args.bind),
        Command::Authorization => say_out!("{}", matrix::markdown().trim_end()),
        Command::Migrate => start::open(&data, None).await?.close().await?,
        Command::Load(load) => return with_store(&data, async |store| run_load(store, load).await).await,
        Command::Demo => {
            return with_store(&data, async |store| {
                start::load_reference(&store.state, None).await?;
                demo::load(&store.state, demo::EXPERTS).await?;
                say_out!("{}", sign_ins());
                Ok(ExitCode::SUCCESS)
            })
            .await;
        }
        Command::Account(Account::Create(args)) => {
            return with_store(&data, async |store| create_account(store, args).await).await;
        }
        Command::People { count } => {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            // whoever reads them may have had enough
            drop(demo::people::people(count).try_for_each(|person| writeln!(out, "{person}")));
        }
        Command::Assign { file } => say_out!("{}", panels::file::answer(&file)?),
        Command::Audit(Audit::Verify) => return with_store(&data, verify_audit).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn with_store(
    data: &DataArgs,
    work: impl AsyncFnOnce(&Store) -> Result<ExitCode, StartError>,
) -> Result<ExitCode, StartError> {
    let store = start::open(data, None).await?;
    let code = work(&store).await;
    store.close().await?;
    code
}

async fn run_load(store: &Store, load: Load) -> Result<ExitCode, StartError> {
    let state = &store.state;
    let loaded = match load {
        Load::Fields(args) => fields::load::load(state, &Sheet::open(&args.file)?).await?,
        Load::FieldGroups(args) => fields::load_groups::load(state, &Sheet::open(&args.file)?).await?,
        Load::Titles(args) => reference::load::titles(state, &Sheet::open(&args.file)?).await?,
        Load::Provinces(args) => reference::load::provinces(state, &Sheet::open(&args.file)?).await?,
        Load::Holidays(args) => reference::load::holidays(state, &Sheet::open(&args.file)?).await?,
        Load::ConsentTexts(args) => experts::consent_texts::load(state, &Sheet::open(&args.file)?).await?,
        Load::Settings(args) => reference::load_settings::load(state, &Sheet::open(&args.file)?).await?,
        Load::Organisations(args) => organisation_slice::load::load(state, &Sheet::open(&args.file)?).await?,
        Load::Associations(args) => {
            // a fresh database has no fields to check the main ones against
            start::load_reference(state, None).await?;
            associations::load::load(state, &Sheet::open(&args.file)?).await?
        }
        Load::Experts(args) => return load_experts(store, args).await,
    };
    say_out!("{loaded}");
    Ok(ExitCode::SUCCESS)
}

async fn load_experts(store: &Store, args: LoadExperts) -> Result<ExitCode, StartError> {
    let path = args.file.display();
    let file = File::open(&args.file).map_err(|error| StartError::Refused(format!("cannot read {path}: {error}")))?;
    // a fresh database has no titles, provinces and fields to check the records against
    start::load_reference(&store.state, None).await?;
    let options = Options { source: &args.source, with_all_consents: false };
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let (mut told, begin) = (0, std::time::Instant::now());
    let mut last = begin;
    let report = experts::load::load(&store.state, BufReader::new(file), options, |report: &Report| {
        for refused in report.rejected.iter().skip(told) {
            say_err!("rejected: {refused}");
        }
        told = report.rejected.len();
        if last.elapsed() > Duration::from_secs(1) {
            say_err!("{}", progress(report, begin.elapsed(), size));
            last = std::time::Instant::now();
        }
    })
    .await?;
    for refused in report.rejected.iter().skip(told) {
        say_err!("rejected: {refused}");
    }
    for conflict in &report.conflicts {
        say_err!("left: {conflict}");
    }
    say_out!("{report}");
    Ok(if report.rejected.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How far a load is, how fast it goes and, where the file has an end, how long it takes.
fn progress(report: &Report, elapsed: Duration, size: u64) -> String {
    let seconds = elapsed.as_secs_f64().max(0.001);
    let (lines, done) = (report.lines, report.bytes);
    let mut said = format!("{lines} lines, {:.0} a second", lines as f64 / seconds);
    if done > 0 && size > 0 {
        let share = done.min(size) as f64 / size as f64;
        said += &format!(", {:.0} %, {:.0} s left", share * 100.0, seconds * (1.0 - share) / share);
    }
    said
}

async fn create_account(store: &Store, args: CreateAccount) -> Result<ExitCode, StartError> {
    let state = &store.state;
    let mut conn = state.db.conn().await?;
    let organisation_id = match &args.organisation {
        Some(code) => Some(organisation_by_code(&mut conn, code).await?),
        None => None,
    };
    let expert_id = match &args.expert {
        Some(key) => Some(
            experts::store::find(&mut conn, &Scope::SYSTEM, key)
                .await
                .map_err(|_problem| StartError::Refused(format!("--expert {key}: there is no such expert")))?
                .id,
        ),
        None => None,
    };
    drop(conn);
    let display_name = args.display_name.unwrap_or_else(|| args.username.clone());
    let account = NewAccount { username: args.username, display_name, role: args.role, organisation_id, expert_id };
    let row = account.into_row()?;
    let password = if args.password_stdin { Some(read_password(&row.username)?) } else { None };
    let hash = match password {
        Some(password) => Some(state.passwords.hash(password).await?),
        None => None,
    };
    let token = if hash.is_none() { Some(Opaque::new("ebp")?) } else { None };
    let recorder = Recorder::system(state.sealer.clone(), "accounts.create");
    let written = state.db.transaction(async |tx| {
        account_store::insert(tx, &row, hash).await?;
        let mut events = vec![created_event(&row)];
        if let Some(token) = &token {
            account_store::add_reset(tx, row.id, &token.hash).await?;
            events.push(Event::on("account", row.id).action("accounts.issue_reset"));
        }
        recorder.record(tx, events).await
    });
    written.await?;
    say_out!("account {} ({}) created", row.username, row.role);
    if let Some(token) = token {
        say_out!("one-time token, good for a day: {}", token.text.expose());
        say_out!("its owner sets a password with POST /api/v1/auth/reset {{\"token\": …, \"new_password\": …}}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn organisation_by_code(conn: &mut crate::db::Conn, code: &str) -> Result<Uuid, StartError> {
    let found: Option<Uuid> = organisations::table
        .filter(organisations::code.eq(code))
        .select(organisations::id)
        .first(conn)
        .await
        .optional()
        .map_err(Problem::from)?;
    found.ok_or_else(|| StartError::Refused(format!("--organisation {code}: there is no organisation with this code")))
}

fn read_password(username: &str) -> Result<Redacted<String>, StartError> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(1_024).read_to_string(&mut text);
    read.map_err(|error| StartError::Refused(format!("--password-stdin: {error}")))?;
    let password = Redacted::new(text.trim_end_matches(['\r', '\n']).to_owned());
    check_new("password", &password, username)?;
    Ok(password)
}

async fn verify_audit(store: &Store) -> Result<ExitCode, StartError> {
    let state = &store.state;
    chain::seal(&state.db).await?;
    let report = chain::verify(&state.db, &state.sealer).await?;
    say_out!(
        "{} events chained, {} waiting, {} with erased details; last hash {}",
        report.chained,
        report.pending,
        report.erased,
        report.head
    );
    for fault in &report.faults {
        say_out!("FAULT: {fault}");
    }
    if report.faults.is_empty() {
        say_out!("the audit log is whole");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

/// One plain request, so that a container needs no other program for it.
fn health(bind: SocketAddr) -> Result<ExitCode, StartError> {
    let ip = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    let address = SocketAddr::new(ip, bind.port());
    let asked =
        ask_ready(address).map_err(|error| StartError::Refused(format!("{address} does not answer: {error}")))?;
    if asked.split(' ').nth(1) == Some("200") {
        say_out!("ready");
        return Ok(ExitCode::SUCCESS);
    }
    Err(StartError::Refused(format!("{address} is not ready: {}", asked.lines().next().unwrap_or_default())))
}

fn ask_ready(address: SocketAddr) -> std::io::Result<String> {
    let patience = Some(Duration::from_secs(3));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(3))?;
    stream.set_read_timeout(patience)?;
    stream.set_write_timeout(patience)?;
    stream
        .write_all(format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    Ok(answer)
}

/// Tells whoever started the server where it is.
pub fn announce(url: &str, demo: bool, after: Duration) {
    say_out!("expert-bank is ready after {:.1} s", after.as_secs_f64());
    say_out!("  API   {url}/api/v1");
    say_out!("  docs  {url}/docs");
    if demo {
        say_out!("{}", sign_ins());
    }
}

fn sign_ins() -> String {
    let names: Vec<&str> = demo::ACCOUNTS.iter().map(|(name, _, _)| *name).collect();
    format!("  demo sign-ins, password {}, on this machine only:\n    {}", demo::PASSWORD, names.join(", "))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// Every flag of a command and of those under it, without an environment variable.
    fn without_variable(command: &clap::Command, bare: &mut Vec<String>) {
        for argument in command.get_arguments().filter(|argument| argument.get_long().is_some()) {
            let own = ["help", "version"].contains(&argument.get_id().as_str());
            if argument.get_env().is_none() && !own {
                bare.push(format!("{} --{}", command.get_name(), argument.get_id()));
            }
        }
        command.get_subcommands().for_each(|under| without_variable(under, bare));
    }

    #[test]
    fn progress_says_how_long_it_takes_where_the_end_is_known() {
        let report = Report { lines: 5_000, bytes: 250, ..Report::default() };
        let after = Duration::from_secs(2);
        assert_eq!(progress(&report, after, 1_000), "5000 lines, 2500 a second, 25 %, 6 s left");
        assert_eq!(progress(&report, after, 250), "5000 lines, 2500 a second, 100 %, 0 s left");
        assert_eq!(progress(&report, after, 0), "5000 lines, 2500 a second", "a pipe has no length");
    }

    #[test]
    fn every_flag_is_also_an_environment_variable() {
        let mut bare = Vec::new();
        Cli::command().debug_assert();
        without_variable(&Cli::command(), &mut bare);
        assert_eq!(bare, Vec::<String>::new());
    }
}
