//! Plan ≡ apply: over random registries and feeds, what a plan shows is what applying it does, and nothing else.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use super::{changes, expert_path, made, send};
use crate::support::bank::text;
use crate::support::{Caller, TestApp};

/// What is done to a record, before a feed or in it.
#[derive(Debug, Clone)]
struct Act {
    record: usize,
    member: usize,
    value: usize,
}

const MEMBERS: [&str; 6] = ["position", "unit", "specialties", "biography", "email", "workplace"];
/// How the conflicts of a round are decided before it is applied.
const TAKES: [Option<&str>; 3] = [None, Some("theirs"), Some("ours")];

fn value(act: &Act) -> Value {
    let text = ["", "Một", "Hai", "Ba"][act.value];
    match (MEMBERS[act.member], text) {
        (_, "") => Value::Null,
        ("specialties", text) => json!([text]),
        ("email", text) => json!(format!("{}{}@chuyengia.example", act.record, text.len())),
        (_, text) => json!(text),
    }
}

fn act() -> impl Strategy<Value = Act> {
    (0_usize..8, 0..MEMBERS.len(), 0_usize..4).prop_map(|(record, member, value)| Act { record, member, value })
}

/// A round: what is edited here, what changes at the source, who is left out or added, and how conflicts are decided.
fn round() -> impl Strategy<Value = (Vec<Act>, Vec<Act>, Vec<usize>, bool, usize)> {
    (
        prop::collection::vec(act(), 0..6),
        prop::collection::vec(act(), 0..6),
        prop::collection::vec(0_usize..8, 0..3),
        any::<bool>(),
        0..TAKES.len(),
    )
}

/// The members of a record that a plan may change.
async fn seen(officer: &Caller<'_>, path: &str) -> Map<String, Value> {
    let expert = officer.get(path).await.expect(200);
    let restricted = officer.get(&format!("{path}/restricted")).await.expect(200);
    let member = |name: &&str| {
        let value = if *name == "email" { restricted[name].clone() } else { expert[name].clone() };
        ((*name).to_owned(), value)
    };
    MEMBERS.iter().map(member).collect()
}

fn empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

#[tokio::test]
async fn what_a_plan_shows_is_what_applying_it_does() {
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..6 {
        let rounds = prop::collection::vec(round(), 3).new_tree(&mut runner).unwrap().current();
        let app = TestApp::start().await;
        let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
        let mut source: Vec<Value> =
            (0..6).map(|at| json!({ "external_id": format!("R-{at}"), "full_name": format!("Kpă Thử {}", "abcdefgh".chars().nth(at).unwrap()) })).collect();
        for (at, (here, there, gone, is_snapshot, take)) in rounds.iter().enumerate() {
            check(&app, &dept, &officer, &mut source, (here, there, gone, *is_snapshot && at > 0, TAKES[*take]))
                .await
                .unwrap_or_else(|said| panic!("{said}\n{rounds:#?}"));
        }
    }
}

type Round<'a> = (&'a [Act], &'a [Act], &'a [usize], bool, Option<&'a str>);

async fn check(
    app: &TestApp,
    dept: &Caller<'_>,
    officer: &Caller<'_>,
    source: &mut Vec<Value>,
    (here, there, gone, is_snapshot, take): Round<'_>,
) -> Result<(), String> {
    let known = app
        .sql("SELECT string_agg(external_id, ',' ORDER BY external_id) FROM expert_sources WHERE source = 'skhcn'")
        .await;
    for act in here.iter().filter(|act| known.contains(&format!("R-{}", act.record))) {
        let mut patch = Map::new();
        patch.insert(MEMBERS[act.member].to_owned(), value(act));
        officer
            .patch(&expert_path(app, &format!("R-{}", act.record)).await, "*", &Value::Object(patch))
            .await
            .expect(200);
    }
    for act in there {
        if let Some(record) = source.get_mut(act.record) {
            record[MEMBERS[act.member]] = value(act);
        }
    }
    if source.len() < 8 {
        source.push(json!({ "external_id": format!("R-{}", source.len()), "full_name": format!("Kpă Thử {}", ["g", "h"][source.len() - 6]) }));
    }
    let feed: Vec<Value> = source
        .iter()
        .enumerate()
        .filter(|(at, _)| !gone.contains(at) || *at == 0)
        .map(|(_, record)| record.clone())
        .collect();
    let mode = if is_snapshot { "snapshot" } else { "delta" };
    let receipt = send(dept, &format!("source=skhcn&mode={mode}"), super::lines(&feed)).await.expect(202);
    let mut plan = made(dept, text(&receipt["id"])).await;
    if plan["state"] == "blocked" {
        let path = format!("/api/v1/sync/plans/{}/release", text(&plan["id"]));
        plan = officer.send(reqwest::Method::POST, &path, &[], None).await.expect(200);
    }
    let open = changes(officer, &plan, "kind=conflict").await;
    if let Some(take) = take {
        for change in &open {
            let path = format!("/api/v1/sync/plans/{}/conflicts/{}", text(&plan["id"]), change["number"]);
            officer.post(&path, &json!({ "take": take })).await.expect(200);
        }
        plan = officer.get(&format!("/api/v1/sync/plans/{}", text(&plan["id"]))).await.expect(200);
    }
    let changes = changes(officer, &plan, "").await;
    let mut expected = Vec::new();
    for change in &changes {
        let id = text(&change["external_id"]).to_owned();
        let mut members =
            if change["kind"] == "create" { Map::new() } else { seen(officer, &expert_path(app, &id).await).await };
        for (name, member) in change["fields"].as_object().into_iter().flatten() {
            let comes_in = member["conflict"] == false || take == Some("theirs");
            if MEMBERS.contains(&name.as_str()) && comes_in {
                // restricted values are not shown: what the source says is what comes in
                let sent = feed.iter().find(|record| record["external_id"] == id.as_str()).unwrap();
                let new = if member["restricted"] == true { &sent[name] } else { &member["new"] };
                members.insert(name.clone(), new.clone());
            }
        }
        expected.push((id, members));
    }
    let people: i64 = app.sql("SELECT count(*) FROM experts").await.parse().unwrap();
    super::apply(dept, &plan).await.expect(200);
    let now: i64 = app.sql("SELECT count(*) FROM experts").await.parse().unwrap();
    let created = i64::try_from(changes.iter().filter(|change| change["kind"] == "create").count()).unwrap();
    if now != people + created {
        return Err(format!("{now} people, {people} before, {created} were to come: {changes:#?}"));
    }
    for (id, members) in expected {
        let after = seen(officer, &expert_path(app, &id).await).await;
        for name in MEMBERS {
            let (is, should) = (&after[name], members.get(name).cloned().unwrap_or_default());
            if *is != should && !(empty(is) && empty(&should)) {
                return Err(format!("{id} {name}: {is}, planned {should}: {changes:#?}"));
            }
        }
    }
    let again = super::plan(dept, mode, &feed).await;
    let still_open = if take.is_none() { open.len() } else { 0 };
    if again["counts"]["create"] != 0
        || again["counts"]["update"] != 0
        || again["counts"]["absent"] != 0
        || again["counts"]["conflict"] != still_open
    {
        return Err(format!("the same feed again: {again}"));
    }
    Ok(())
}
