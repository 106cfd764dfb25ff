//! Plan ≡ apply: over random registries and feeds, what a plan shows is what applying it does, and nothing else. People are
//! edited, merged and taken apart between the files, records are left out and taken out, and a plan may be applied late.
//!
//! A failure names its seed; `EXPERT_BANK_SEED` tries that one alone.

mod rounds;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use reqwest::Method;
use serde_json::{Map, Value, json};

use self::rounds::{Act, MEMBERS, RECORDS, Round, When, round, value};
use super::{apply, changes, expert_path, lines, made, send};
use crate::support::bank::text;
use crate::support::{Caller, TestApp};

/// How long new cases are begun.
const TIME: Duration = Duration::from_secs(24);
/// Cases however slow it goes, and however fast.
const CASES: std::ops::RangeInclusive<u64> = 3..=12;
/// What is kept: of each expert the version and a digest of everything, of each record its row.
#[derive(Debug, Clone, PartialEq)]
struct Kept {
    experts: BTreeMap<String, (i64, String)>,
    records: BTreeMap<String, Value>,
}

/// A plan, the file it was made of, and what was kept when it was.
struct Ready {
    plan: Value,
    feed: Vec<Value>,
    rows: Vec<Value>,
    kept: Kept,
    take: Option<&'static str>,
}

struct World<'a> {
    app: &'a TestApp,
    dept: Caller<'a>,
    officer: Caller<'a>,
    source: Vec<Value>,
    merges: Vec<Value>,
    late: Option<(When, Ready)>,
}

type Checked<T = ()> = Result<T, String>;

fn ensure(is_so: bool, said: impl FnOnce() -> String) -> Checked {
    if is_so { Ok(()) } else { Err(said()) }
}

#[tokio::test]
async fn what_a_plan_shows_is_what_applying_it_does() {
    let given = std::env::var("EXPERT_BANK_SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    let begin = Instant::now();
    let first = given.unwrap_or_else(rand_seed);
    for case in 0..*CASES.end() {
        let is_over = begin.elapsed() > TIME && case >= *CASES.start();
        if is_over || (given.is_some() && case > 0) {
            break;
        }
        let seed = first.wrapping_add(case);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let rounds = prop::collection::vec(round(), 5).new_tree(&mut runner).unwrap().current();
        let app = TestApp::start().await;
        let mut world = World::of(&app).await;
        // most of the source is there before anything happens
        super::sync(&world.dept, "delta", &world.source[..RECORDS - 2]).await;
        for round in &rounds {
            let checked = world.round(round).await;
            checked.unwrap_or_else(|said| panic!("EXPERT_BANK_SEED={seed}: {said}\nin {round:#?}\nof {rounds:#?}"));
        }
    }
}

fn rand_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(now.as_nanos() % u128::from(u64::MAX)).unwrap()
}

impl<'a> World<'a> {
    async fn of(app: &'a TestApp) -> Self {
        let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
        let record = |at| json!({ "external_id": format!("R-{at}"), "full_name": format!("Kpă Thử {}", ["a", "b", "c", "d", "e", "f", "g", "h"][at]) });
        Self { app, dept, officer, source: (0..RECORDS).map(record).collect(), merges: Vec::new(), late: None }
    }

    async fn round(&mut self, round: &Round) -> Checked {
        for act in &round.acts {
            self.act(act).await?;
        }
        if let Some((_, ready)) = self.late.take_if(|(when, _)| *when == When::BeforeNext) {
            self.apply_late(&ready).await?;
        }
        let ready = self.plan(round).await?;
        if round.when != When::AtOnce && self.late.is_none() {
            self.late = Some((round.when, ready));
            return Ok(());
        }
        ensure(self.apply(&ready).await?, || "nothing moved, and it is refused".to_owned())?;
        if self.merges.is_empty() {
            self.again(round, &ready).await?;
        }
        match self.late.take() {
            Some((_, ready)) => self.apply_late(&ready).await,
            None => Ok(()),
        }
    }

    async fn act(&mut self, act: &Act) -> Checked {
        match act {
            Act::Say(record, member, to) => self.source[*record][MEMBERS[*member]] = value(*record, *member, *to),
            Act::Edit(record, member, to) if MEMBERS[*member] != "publications" => {
                let Some(path) = self.path(*record).await else { return Ok(()) };
                let edit = Value::Object(Map::from_iter([(MEMBERS[*member].to_owned(), value(*record, *member, *to))]));
                self.officer.patch(&path, "*", &edit).await.expect(200);
            }
            Act::Merge(winner, loser) => {
                let (Some(winner), Some(loser)) = (self.path(*winner).await, self.path(*loser).await) else {
                    return Ok(());
                };
                if winner != loser {
                    let body = json!({ "other": loser.rsplit('/').next() });
                    let at = format!("{winner}/merge");
                    let made = self.officer.send(Method::POST, &at, &[("if-match", "*")], Some(&body)).await;
                    self.merges.push(made.expect(201)["id"].clone());
                }
            }
            Act::Undo => {
                if let Some(merge) = self.merges.last() {
                    let path = format!("/api/v1/merges/{}/undo", text(merge));
                    let undone = self.officer.send(Method::POST, &path, &[], None).await;
                    match undone.status.as_u16() {
                        200 => drop(self.merges.pop()),
                        // something was edited since
                        409 => {}
                        _ => return Err(format!("an undo: {undone:?}")),
                    }
                }
            }
            Act::Edit(..) | Act::Miss(_) | Act::Withdraw(_) => {}
        }
        Ok(())
    }

    /// The path of whom a record stands for.
    async fn path(&self, record: usize) -> Option<String> {
        let path = expert_path(self.app, &format!("R-{record}")).await;
        (!path.ends_with('/')).then_some(path)
    }

    /// The plan of a round's file, released and decided as the round says.
    async fn plan(&self, round: &Round) -> Checked<Ready> {
        let in_file = |at: &usize| !round.acts.iter().any(|act| matches!(act, Act::Miss(one) if one == at && *one > 0));
        let is_withdrawn = |at: usize| round.acts.iter().any(|act| matches!(act, Act::Withdraw(one) if *one == at));
        let line = |at: usize| match is_withdrawn(at) {
            true => json!({ "external_id": format!("R-{at}"), "deleted": true }),
            false => self.source[at].clone(),
        };
        let feed: Vec<Value> = (0..RECORDS).filter(in_file).map(line).collect();
        let mode = if round.is_snapshot { "snapshot" } else { "delta" };
        let receipt = send(&self.dept, &format!("source=skhcn&mode={mode}"), lines(&feed)).await.expect(202);
        let plan = made(&self.dept, text(&receipt["id"])).await;
        let place = format!("/api/v1/sync/plans/{}", text(&plan["id"]));
        if plan["state"] == "blocked" {
            self.officer.send(Method::POST, &format!("{place}/release"), &[], None).await.expect(200);
        }
        for change in changes(&self.officer, &plan, "kind=conflict").await {
            if let Some(take) = round.take {
                let path = format!("{place}/conflicts/{}", change["number"]);
                self.officer.post(&path, &json!({ "take": take })).await.expect(200);
            }
        }
        let plan = self.officer.get(&place).await.expect(200);
        ensure(plan["state"] == "ready", || format!("{plan}"))?;
        let rows = changes(&self.officer, &plan, "").await;
        Ok(Ready { plan, feed, rows, kept: self.kept().await, take: round.take })
    }

    /// The same file again finds nothing to do, but for what is open.
    async fn again(&self, round: &Round, ready: &Ready) -> Checked {
        let mode = if round.is_snapshot { "snapshot" } else { "delta" };
        let again = super::plan(&self.dept, mode, &ready.feed).await;
        let open = if ready.take.is_none() { ready.plan["counts"]["conflict"].clone() } else { json!(0) };
        let counts = &again["counts"];
        let is_done = ["create", "update", "absent", "tombstone"].iter().all(|kind| counts[*kind] == 0);
        ensure(is_done && counts["conflict"] == open, || format!("the same feed again: {again}"))
    }

    async fn kept(&self) -> Kept {
        let experts = "SELECT jsonb_object_agg(id, jsonb_build_array(version, md5(concat_ws('|', to_jsonb(e),
              (SELECT jsonb_agg(f ORDER BY ordinal) FROM expert_fields f WHERE f.expert_id = e.id),
              (SELECT jsonb_agg(p ORDER BY ordinal) FROM expert_publications p WHERE p.expert_id = e.id),
              (SELECT jsonb_agg(r) FROM expert_restricted r WHERE r.expert_id = e.id),
              (SELECT jsonb_agg(s) FROM expert_search s WHERE s.expert_id = e.id))))) FROM experts e";
        let records = "SELECT coalesce(jsonb_object_agg(external_id, to_jsonb(s)), '{}') FROM expert_sources s
                        WHERE source = 'skhcn'";
        Kept {
            experts: serde_json::from_str(&self.app.sql(experts).await).unwrap(),
            records: serde_json::from_str(&self.app.sql(records).await).unwrap(),
        }
    }

    /// The members of an expert.
    async fn seen(&self, id: &str) -> Map<String, Value> {
        let path = format!("/api/v1/experts/{id}");
        let mut expert = self.officer.get(&path).await.expect(200);
        expert["email"] = self.officer.get(&format!("{path}/restricted")).await.expect(200)["email"].clone();
        expert["publications"] = titles(&expert["publications"]);
        MEMBERS.iter().map(|name| ((*name).to_owned(), expert[*name].clone())).collect()
    }

    /// Whom a plan writes, and what they are to be then: what it shows, over what is kept now.
    async fn expected(&self, ready: &Ready) -> Checked<BTreeMap<String, Map<String, Value>>> {
        let mut expected = BTreeMap::new();
        for row in ready.rows.iter().filter(|row| ["create", "update", "conflict"].contains(&text(&row["kind"]))) {
            let is_new = row["kind"] == "create";
            let mut members = if is_new { Map::new() } else { self.seen(text(&row["expert_id"])).await };
            let mut comes_in = is_new;
            let sent = ready.feed.iter().find(|record| record["external_id"] == row["external_id"]).unwrap();
            for (name, member) in row["fields"].as_object().into_iter().flatten() {
                if !MEMBERS.contains(&name.as_str()) {
                    continue;
                }
                let shown = |value: &Value| if name == "publications" { titles(value) } else { value.clone() };
                let old = shown(&member["old"]);
                let is_true = is_new || member["restricted"] == true || same(&old, &members[name]);
                ensure(is_true, || format!("it shows {old} for {}: {row}", members[name]))?;
                if member["conflict"] == false || row["decision"] == "theirs" {
                    comes_in = true;
                    // restricted values are not shown: what the source says is what comes in
                    let new = if member["restricted"] == true { &sent[name] } else { &member["new"] };
                    members.insert(name.clone(), shown(new));
                }
            }
            if comes_in {
                expected.insert(text(&row["expert_id"]).to_owned(), members);
            }
        }
        Ok(expected)
    }

    /// Applies a plan: exactly what it shows, or nothing; false when it is refused because something moved.
    async fn apply(&self, ready: &Ready) -> Checked<bool> {
        let (before, expected) = (self.kept().await, self.expected(ready).await);
        // the Union is told what moved, also of people the source did not bring
        let answer = apply(&self.officer, &ready.plan).await;
        let after = self.kept().await;
        if answer.status == 409 {
            let problem = answer.problem(409);
            ensure(problem["errors"][0]["code"] == "moved", || problem.to_string())?;
            ensure(before == after, || "it is refused, and something was written".to_owned())?;
            return Ok(false);
        }
        answer.expect(200);
        let expected = expected?;
        let ids: BTreeSet<&String> = before.experts.keys().chain(after.experts.keys()).collect();
        for id in ids {
            let is_written = before.experts.get(id) != after.experts.get(id);
            ensure(!is_written || expected.contains_key(id), || format!("{id} is written: {:#?}", ready.rows))?;
        }
        for (id, members) in &expected {
            let seen = self.seen(id).await;
            for name in MEMBERS {
                let (is, should) = (&seen[name], members.get(name).unwrap_or(&Value::Null));
                ensure(same(is, should), || format!("{id} {name}: {is}, planned {should}: {:#?}", ready.rows))?;
            }
        }
        check_records(&ready.rows, &before, &after).map_err(|said| format!("{said}: {:#?}", ready.rows)).map(|()| true)
    }

    /// Applies a plan late: refused when what it rests on moved, and as it shows when nothing did.
    async fn apply_late(&self, ready: &Ready) -> Checked {
        let now = self.kept().await;
        let of = |kept: &Kept, row: &Value| kept.records.get(text(&row["external_id"])).cloned();
        let content = |kept: &Kept, row: &Value| {
            let members = ["expert_id", "digest", "loaded_version", "absent_since", "withdrawn_at", "supplied"];
            of(kept, row).map(|record| members.map(|name| record[name].clone()))
        };
        let version =
            |kept: &Kept, row: &Value| row["expert_id"].as_str().and_then(|id| kept.experts.get(id)).map(|kept| kept.0);
        let writes_expert = |row: &&Value| ["update", "conflict"].contains(&text(&row["kind"]));
        let writes = |row: &&Value| row["kind"] != "unchanged" || row["outcome"] == "returned";
        let is_other = |row: &Value| version(&ready.kept, row) != version(&now, row);
        let rows = || ready.rows.iter();
        let moved = rows().filter(writes).any(|row| content(&ready.kept, row) != content(&now, row))
            || rows().filter(writes_expert).any(is_other);
        let is_still = rows().all(|row| of(&ready.kept, row) == of(&now, row)) && !rows().any(is_other);
        let is_applied = self.apply(ready).await.map_err(|said| format!("late: {said}"))?;
        ensure(!(moved && is_applied), || format!("applied although it had moved: {:#?}", ready.rows))?;
        ensure(!is_still || is_applied, || format!("refused although nothing moved: {:#?}", ready.rows))
    }
}

fn titles(publications: &Value) -> Value {
    let titles = publications.as_array().into_iter().flatten().map(|item| item["title"].clone());
    Value::Array(titles.collect())
}

fn same(one: &Value, other: &Value) -> bool {
    let is_empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    one == other || (is_empty(one) && is_empty(other))
}

/// Of the records, those a plan names become what it says, and no other one is touched.
fn check_records(rows: &[Value], before: &Kept, after: &Kept) -> Checked {
    let ids: BTreeSet<&String> = before.records.keys().chain(after.records.keys()).collect();
    for id in ids {
        let row = rows.iter().find(|row| row["external_id"] == **id && row["kind"] != "rejected");
        let kind = row.map_or("none", |row| text(&row["kind"]));
        let outcome = row.map_or(&Value::Null, |row| &row["outcome"]);
        let (was, is) = (before.records.get(id), &after.records.get(id).cloned().unwrap_or_default());
        let Some(was) = was else {
            ensure(kind == "create" && is["expert_id"] == row.unwrap()["expert_id"], || format!("{id} came in"))?;
            continue;
        };
        let mut expected = was.clone();
        match (kind, outcome.as_str()) {
            ("none" | "ambiguous", _) | ("unchanged", Some("merged")) => {}
            ("absent", _) => {
                ensure(!is["absent_since"].is_null(), || format!("{id} is not missing"))?;
                expected["absent_since"] = is["absent_since"].clone();
            }
            ("tombstone", _) => {
                ensure(!is["withdrawn_at"].is_null(), || format!("{id} is not taken out"))?;
                expected["withdrawn_at"] = is["withdrawn_at"].clone();
            }
            (_, outcome) => {
                if outcome == Some("returned") {
                    (expected["absent_since"], expected["withdrawn_at"]) = (Value::Null, Value::Null);
                }
                for name in ["digest", "base", "loaded_at", "loaded_version"] {
                    expected[name] = is[name].clone();
                }
            }
        }
        ensure(*is == expected, || format!("{id} is {is} and was {was}"))?;
    }
    Ok(())
}
