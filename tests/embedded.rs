//! The private PostgreSQL server as processes see it: joined, left, killed, found again.
//!
//! Other processes are this test binary itself, started for the test `helper` with a role in its environment.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "the helper's way to talk to its test")]

#[path = "embedded/support.rs"]
mod support;

use std::fs::{self, File, Permissions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use expert_bank::db::embedded::{Embedded, EmbeddedError, Throwaway};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use support::{Folder, Helper, alive, play, postmaster, query, wait_until};

/// Not a test but the other processes; does nothing without a role.
#[test]
fn helper() {
    if let Ok(role) = std::env::var("EB_ROLE") {
        play(&role, Path::new(&std::env::var_os("EB_DATA").unwrap()));
    }
}

#[test]
fn the_second_start_is_fast_and_finds_the_data() {
    let folder = Folder::new("again");
    let embedded = folder.join();
    embedded.ensure_database("expert_bank").unwrap();
    query(&embedded.url("expert_bank"), "create table t as select 7 as seven");
    embedded.leave().unwrap();
    assert_eq!(folder.postmaster(), None);
    let began = Instant::now();
    let embedded = folder.join();
    let took = began.elapsed();
    assert_eq!(query(&embedded.url("expert_bank"), "select seven from t"), "7");
    embedded.leave().unwrap();
    assert!(took < Duration::from_secs(2), "took {took:?}");
}

#[test]
fn the_server_is_private_durable_and_discreet() {
    let folder = Folder::new("settings");
    let embedded = folder.join();
    embedded.ensure_database("Tên \"lạ\" %").unwrap();
    embedded.ensure_database("Tên \"lạ\" %").unwrap();
    let url = embedded.url("Tên \"lạ\" %");
    assert_eq!(query(&url, "select current_database()"), "Tên \"lạ\" %");
    for (setting, value) in [
        ("listen_addresses", ""),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("TimeZone", "UTC"),
        ("max_connections", "100"),
        ("shared_buffers", "512MB"),
        ("max_wal_size", "4GB"),
        ("random_page_cost", "1.1"),
        ("log_parameter_max_length_on_error", "0"),
    ] {
        assert_eq!(query(&url, &format!("show {setting}")), value, "{setting}");
    }
    for dir in ["postgres", "run"] {
        assert_eq!(fs::metadata(folder.data().join(dir)).unwrap().mode() & 0o777, 0o700, "{dir}");
    }
    assert_eq!(fs::metadata(folder.data().join("postgres.log")).unwrap().mode() & 0o777, 0o600);
    let wrong = "do $$ begin raise exception 'secret-1'; end $$; select 'secret-2'::date";
    for sql in [wrong, "select 'secret-2'::date", "select 1/0 as \"secret-3\"", "selec 'secret-4'"] {
        let status = Command::new("psql").args(["-XAtq", &url, "-c", sql]).output().unwrap().status;
        assert!(!status.success());
    }
    let log = fs::read_to_string(folder.data().join("postgres.log")).unwrap();
    assert!(log.contains("ready to accept connections") && !log.contains("secret"), "{log}");
    for bad in ["", "a\0b", &"x".repeat(64)] {
        assert!(matches!(embedded.ensure_database(bad), Err(EmbeddedError::DatabaseName { .. })));
    }
    embedded.leave().unwrap();
}

#[test]
fn one_process_may_join_twice_and_the_last_to_leave_stops_the_server() {
    let folder = Folder::new("twice");
    let (first, second) = (folder.join(), folder.join());
    let pid = folder.postmaster().expect("a server runs");
    first.leave().unwrap();
    assert_eq!(folder.postmaster(), Some(pid), "the second still uses it");
    assert_eq!(query(&second.url("postgres"), "select 1"), "1");
    drop(second);
    assert_eq!(folder.postmaster(), None);
}

#[test]
fn the_server_holds_no_lock_no_output_and_no_group_of_ours() {
    let folder = Folder::new("inherit");
    let helper = Helper::start("join", &folder.data());
    let pid = folder.postmaster().unwrap();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let session = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(3).unwrap();
    assert_eq!(session, pid.to_string(), "the server leads its own session");
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let groups = status.lines().find_map(|line| line.strip_prefix("Groups:")).unwrap();
    assert!(!geteuid().is_root() || groups.trim().is_empty(), "root's groups are dropped: {groups}");
    let mut output = helper.end(Signal::SIGKILL);
    // Would wait for the server if that had inherited the pipe.
    output.read_to_string(&mut String::new()).unwrap();
    assert!(alive(pid));
    for lock in ["start.lock", "users.lock"] {
        File::open(folder.data().join(lock)).unwrap().try_lock().unwrap();
    }
    folder.join().leave().unwrap();
}

#[test]
fn many_processes_race_to_make_start_and_stop_it() {
    let folder = Folder::new("race");
    let starters: Vec<_> = (0..4)
        .map(|_| {
            let data = folder.data();
            std::thread::spawn(move || Helper::start("race", &data).finish())
        })
        .collect();
    starters.into_iter().for_each(|starter| starter.join().unwrap());
    assert_eq!(folder.postmaster(), None);
}

#[test]
fn a_process_that_joined_another_ones_server_keeps_it_running() {
    let folder = Folder::new("order");
    let helper = Helper::start("join", &folder.data());
    let pid = folder.postmaster().unwrap();
    let embedded = folder.join();
    assert_eq!(embedded.url("postgres"), helper.said);
    helper.end(Signal::SIGKILL);
    assert_eq!(folder.postmaster(), Some(pid));
    assert_eq!(query(&embedded.url("postgres"), "select 1"), "1");
    embedded.leave().unwrap();
    assert_eq!(folder.postmaster(), None, "a killed process does not count as a user");
}

#[test]
fn a_server_left_behind_by_kill_or_ctrl_c_is_adopted() {
    for signal in [Signal::SIGKILL, Signal::SIGINT] {
        let folder = Folder::new("orphan");
        let helper = Helper::start("join", &folder.data());
        let pid = folder.postmaster().unwrap();
        helper.end(signal);
        let embedded = folder.join();
        assert_eq!(folder.postmaster(), Some(pid), "{signal} must not reach the server");
        assert_eq!(query(&embedded.url("postgres"), "select 1"), "1");
        embedded.leave().unwrap();
        assert_eq!(folder.postmaster(), None);
    }
}

#[test]
fn a_killed_server_is_started_anew() {
    let folder = Folder::new("crash");
    let first = folder.join();
    let pid = folder.postmaster().unwrap();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    let second = folder.join();
    assert_ne!(folder.postmaster(), Some(pid));
    assert_eq!(query(&first.url("postgres"), "select 1"), "1");
    first.leave().unwrap();
    second.leave().unwrap();
}

#[test]
fn leaving_a_server_that_is_gone_is_no_error() {
    let folder = Folder::new("gone");
    let embedded = folder.join();
    let pid = folder.postmaster().unwrap();
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    wait_until("the server is gone", || !alive(pid));
    embedded.leave().unwrap();
}

#[test]
fn a_stale_pid_file_does_not_hinder_the_start() {
    let folder = Folder::new("stale");
    folder.join().leave().unwrap();
    // A process of the server's own account, whose number PostgreSQL itself would take for a running server.
    let owner = fs::metadata(folder.data().join("postgres")).unwrap();
    let mut command = Command::new("sleep");
    if geteuid().is_root() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    let mut other = command.arg("60").current_dir("/").spawn().unwrap();
    for pid in [other.id(), 4_000_000] {
        let run = folder.data().canonicalize().unwrap().join("run");
        let cluster = folder.data().join("postgres");
        let claim = format!("{pid}\n{}\n1700000000\n5432\n{}\n\n 1 2\nready   \n", cluster.display(), run.display());
        for file in [cluster.join("postmaster.pid"), run.join(".s.PGSQL.5432.lock")] {
            fs::write(&file, &claim).unwrap();
            std::os::unix::fs::chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        let embedded = folder.join();
        assert_eq!(query(&embedded.url("postgres"), "select 1"), "1");
        embedded.leave().unwrap();
    }
    assert!(other.try_wait().unwrap().is_none(), "the other program was left alone");
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn a_long_and_odd_path_works_and_leaves_no_litter() {
    let folder = Folder::new("long");
    let data = folder.data().join(format!("ngân hàng, 'chuyên' \"gia\" $HOME {}", "x".repeat(120)));
    let embedded = Embedded::join(&data).unwrap_or_else(|error| panic!("{error}"));
    let socket = PathBuf::from(query(&embedded.url("postgres"), "show unix_socket_directories").replace('"', ""));
    assert!(!socket.starts_with(&data) && socket.join(".s.PGSQL.5432").as_os_str().len() <= 107);
    assert_eq!(fs::metadata(&socket).unwrap().mode() & 0o777, 0o700);
    embedded.leave().unwrap();
    assert!(!socket.exists());
    let odd = folder.0.join("a 'b' \"c\" $d%");
    let embedded = Embedded::join(&odd).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(query(&embedded.url("postgres"), "select 1"), "1");
    assert!(odd.join("run/.s.PGSQL.5432").exists());
    embedded.leave().unwrap();
    // libpq takes a comma for the end of a path.
    let comma = Embedded::join(&folder.0.join("a,b")).unwrap_or_else(|error| panic!("{error}"));
    comma.ensure_database("expert_bank").unwrap();
    assert!(!folder.0.join("a,b/run").exists());
    comma.leave().unwrap();
    // Somebody else's link in the place of the socket directory.
    symlink("/tmp", &socket).unwrap();
    let refused = Embedded::join(&data).unwrap_err();
    fs::remove_file(&socket).unwrap();
    assert!(matches!(refused, EmbeddedError::Socket { .. }), "{refused}");
}

#[test]
fn a_failed_start_shows_the_log() {
    let folder = Folder::new("broken");
    folder.join().leave().unwrap();
    fs::write(folder.data().join("postgres/postgresql.auto.conf"), "work_mem = 'much'\n").unwrap();
    let error = Embedded::join(&folder.data()).unwrap_err();
    assert!(matches!(error, EmbeddedError::Start { .. }));
    let text = error.to_string();
    assert!(text.contains("work_mem") && text.contains("data/postgres.log"), "{text}");
    fs::write(folder.data().join("postgres/postgresql.auto.conf"), "").unwrap();
    folder.join().leave().unwrap();
}

#[test]
fn a_folder_the_account_cannot_reach_is_refused_before_anything_is_made() {
    if !geteuid().is_root() {
        return; // An ordinary user runs the server as itself; there is no other account to be kept out.
    }
    let folder = Folder::new("closed");
    let closed = folder.0.join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
    let wanted = closed.join("deeper/data");
    let error = Embedded::join(&wanted).unwrap_err();
    assert!(
        matches!(&error, EmbeddedError::Unreachable { ancestor, .. } if *ancestor == closed.canonicalize().unwrap())
    );
    assert!(error.to_string().contains("--data-dir /var/lib/expert-bank"), "{error}");
    assert_eq!(fs::read_dir(&closed).unwrap().count(), 0);
}

#[test]
fn a_throwaway_goes_with_its_owner() {
    for (role, signal) in [("throwaway", Some(Signal::SIGKILL)), ("throwaway", Some(Signal::SIGINT)), ("exit", None)] {
        let helper = Helper::start(role, Path::new("/"));
        let cluster = PathBuf::from(&helper.said);
        let pid = postmaster(&cluster);
        match signal {
            Some(signal) => drop(helper.end(signal)),
            None => helper.finish(),
        }
        assert!(signal.is_none() || pid.is_some());
        wait_until("the test database is removed", || !cluster.parent().unwrap().exists());
        assert!(!pid.is_some_and(alive));
    }
}

#[test]
fn a_dropped_throwaway_is_gone_at_once() {
    let throwaway = Throwaway::start().unwrap();
    assert_eq!(query(&throwaway.url("postgres"), "show fsync"), "off");
    let cluster = PathBuf::from(query(&throwaway.url("postgres"), "show data_directory"));
    drop(throwaway);
    assert!(!cluster.parent().unwrap().exists());
}
