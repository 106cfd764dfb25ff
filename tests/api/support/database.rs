//! One throw-away PostgreSQL for the run, a migrated template with the demo in it, and copies made ahead of need.

use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, OnceLock};

use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use expert_bank::access::address::TrustedProxies;
use expert_bank::access::password::Passwords;
use expert_bank::access::throttle::{Limits, Rate};
use expert_bank::access::token::Tokens;
use expert_bank::db::embedded::Throwaway;
use expert_bank::db::{Db, migrations};
use expert_bank::experts::vocabulary::Vocabularies;
use expert_bank::kernel::sealed::{KeyRing, Sealer};
use expert_bank::state::State;
use expert_bank::{demo, start};

const TEMPLATE: &str = "template_demo";

struct Cluster {
    server: Throwaway,
    copies: Mutex<Receiver<String>>,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static SEALING: OnceLock<KeyRing> = OnceLock::new();
static SIGNING: OnceLock<KeyRing> = OnceLock::new();

/// The URL of a database nobody else uses: a copy of the template.
pub fn fresh_url() -> String {
    let cluster = cluster();
    let name = cluster.copies.lock().unwrap().recv().expect("a copy of the template");
    cluster.server.url(&name)
}

/// The URL of an empty database nobody else uses.
pub fn empty_url(name: &str) -> String {
    let server = &cluster().server;
    execute(server, &format!("CREATE DATABASE {name}"));
    server.url(name)
}

/// The URL of the template, which must not be written to.
pub fn template_url() -> String {
    cluster().server.url(TEMPLATE)
}

/// A state over a database, with the keys of this run.
pub async fn state_over(url: &str, loopback: bool) -> State {
    let ring = |cell: &'static OnceLock<KeyRing>| {
        cell.get_or_init(|| KeyRing::parse(&KeyRing::generate_text("test").unwrap()).unwrap()).clone()
    };
    State {
        db: Db::new(url, 8).unwrap(),
        sealer: Sealer::new(ring(&SEALING)),
        tokens: Tokens::new(ring(&SIGNING)),
        passwords: Passwords::new(2).unwrap(),
        limits: lenient(),
        vocabularies: Vocabularies::default(),
        matching: Default::default(),
        wake: Default::default(),
        proxies: TrustedProxies::default(),
        loopback,
    }
}

/// Tests of throttling set the real limits; the others fail to sign in as often as they like.
fn lenient() -> Limits {
    let rate = Rate { burst: 10_000, seconds: 1 };
    Limits { own: rate, address: rate, account: rate, under_attack: rate }
}

fn cluster() -> &'static Cluster {
    CLUSTER.get_or_init(|| {
        // the first test to come waits here on a thread of its own: making the template needs a runtime
        std::thread::spawn(make).join().expect("a template database")
    })
}

fn make() -> Cluster {
    let server = Throwaway::start().expect("a throw-away PostgreSQL");
    execute(&server, &format!("CREATE DATABASE {TEMPLATE}"));
    let url = server.url(TEMPLATE);
    migrations::run(&url).expect("migrations");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let state = state_over(&url, true).await;
        start::load_reference(&state, None).await.expect("reference data");
        demo::load(&state, super::EXPERTS).await.expect("demo");
        expert_bank::audit::chain::seal(&state.db).await.expect("audit chain");
        state.db.close();
    });
    runtime.shutdown_background();
    let (sender, copies) = sync_channel(4);
    let maintenance = server.url("postgres");
    std::thread::spawn(move || {
        let mut conn = connect(&maintenance);
        for number in 1.. {
            let name = format!("test_{number}");
            conn.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")).expect("a copy");
            if sender.send(name).is_err() {
                return;
            }
        }
    });
    Cluster { server, copies: Mutex::new(copies) }
}

fn connect(url: &str) -> AsyncConnectionWrapper<AsyncPgConnection> {
    AsyncConnectionWrapper::establish(url).expect("a connection")
}

fn execute(server: &Throwaway, sql: &str) {
    let url = server.url("postgres");
    let sql = sql.to_owned();
    // a thread without a runtime: the blocking connection brings its own
    std::thread::spawn(move || connect(&url).batch_execute(&sql).expect("executes")).join().unwrap();
}
