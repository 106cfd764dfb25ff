//! The log of the run, kept in memory: what was logged, and which action each route asked for.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Mutex, OnceLock};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
static ACTIONS: Mutex<BTreeMap<(String, String), String>> = Mutex::new(BTreeMap::new());
static INSTALLED: OnceLock<()> = OnceLock::new();

/// Starts keeping the log, once for the run.
pub fn install() {
    INSTALLED.get_or_init(|| tracing_subscriber::registry().with(Keep).init());
}

/// Everything logged so far by any test.
pub fn lines() -> Vec<String> {
    LINES.lock().unwrap().clone()
}

/// The action a route asked for when it was last called.
pub fn action(method: &str, route: &str) -> Option<String> {
    ACTIONS.lock().unwrap().get(&(method.to_owned(), route.to_owned())).cloned()
}

struct Keep;

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl<S: Subscriber> Layer<S> for Keep {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let get = |name| fields.0.get(name).cloned().unwrap_or_default();
        if event.metadata().target() == "expert_bank::http::envelope" {
            ACTIONS.lock().unwrap().insert((get("method"), get("route")), get("action"));
        }
        if *event.metadata().level() <= tracing::Level::INFO {
            LINES.lock().unwrap().push(format!("{} {:?}", event.metadata().target(), fields.0));
        }
    }
}
