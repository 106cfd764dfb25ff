//! What is hidden from a role changes nothing it is answered. A registry is asked everything, then changed at random in what
//! the role may not see, and asked again: every answer must be the same, byte for byte, over search, order, pages, facets,
//! suggestions, counts, profiles and errors.

use serde_json::{Value, json};

use crate::support::bank::{change, decide, encode, enter, text};
use crate::support::{Caller, TestApp};

/// Small, and the same every time: a failure names its seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % end
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    /// Some words of a list.
    fn words(&mut self, all: &[&str], most: usize) -> String {
        let count = 1 + self.below(most);
        let words: Vec<&str> = (0..count).map(|_| self.of(all)).collect();
        words.join(" ")
    }
}

/// Words of people here, of nobody, and slips of the finger, so that hidden people share words with visible ones.
const WORDS: [&str; 24] = [
    "Nguyễn",
    "Lâm",
    "nghiệp",
    "rừng",
    "Hoàng",
    "Đường",
    "Dương",
    "Hoà",
    "An",
    "Văn",
    "Thị",
    "công",
    "nghệ",
    "y",
    "tế",
    "Trần",
    "Wolfram",
    "quặng",
    "xyl",
    "ngọc",
    "trai",
    "Kpă",
    "Bảo",
    "tàng",
];
const TYPED: [&str; 26] = [
    "nguyen",
    "Nguyễn",
    "nguyeen",
    "lam",
    "lâm",
    "ngiep",
    "rung",
    "hoang",
    "hoagn",
    "duong",
    "đường",
    "hoa",
    "hoà",
    "an",
    "va",
    "th",
    "cong",
    "nghe",
    "tran",
    "trn",
    "wolfram",
    "wolfrm",
    "quang",
    "xyl",
    "ngoc",
    "kpa",
];
const FIELDS: [&str; 8] = ["404", "40401", "4", "101", "10101", "20999", "3", "303"];
const FILTERS: [&str; 14] = [
    "field=404",
    "field=4&field=1",
    "degree=TS",
    "min_degree=ThS",
    "academic_rank=PGS",
    "province=08",
    "province=01",
    "residency=in_province",
    "residency=abroad",
    "language=en",
    "association=HLN-DEMO",
    "organisation=SNNMT-DEMO",
    "field=99999",
    "status=active",
];
const SORTS: [&str; 6] = ["", "&sort=name", "&sort=relevance", "&sort=degree", "&sort=updated_at", "&sort=name"];
const FACETS: &str =
    "&facets=field,field_group,degree,academic_rank,province,residency,language,organisation&count=true";

fn questions(draw: &mut Draw, people: &[String]) -> Vec<String> {
    let mut paths = vec![
        format!("/api/v1/experts?limit=100{FACETS}"),
        "/api/v1/experts?facets=status".to_owned(),
        "/api/v1/experts?q=%00".to_owned(),
        "/api/v1/fields?level=2&limit=100".to_owned(),
        "/api/v1/fields?limit=100&parent=404".to_owned(),
        "/api/v1/fields/404".to_owned(),
        "/api/v1/field-groups".to_owned(),
    ];
    for _ in 0..40 {
        let mut q = draw.words(&TYPED, 3);
        if draw.below(5) == 0 {
            q = format!("\"{q}\"");
        }
        let filter = if draw.below(2) == 0 { String::new() } else { format!("&{}", draw.of(&FILTERS)) };
        let facets = if draw.below(2) == 0 { FACETS } else { "&highlight=true" };
        let limit = 1 + draw.below(30);
        paths.push(format!("/api/v1/experts?q={}{filter}{}{facets}&limit={limit}", encode(&q), draw.of(&SORTS)));
        paths.push(format!("/api/v1/experts?{}{}{facets}&limit={limit}", draw.of(&FILTERS), draw.of(&SORTS)));
        paths.push(format!("/api/v1/experts/suggest?q={}", encode(&draw.words(&TYPED, 2))));
    }
    paths.extend(people.iter().map(|key| format!("/api/v1/experts/{key}")));
    paths
}

/// The first pages of every question with all that is said, but for what differs by chance.
async fn ask(caller: &Caller<'_>, paths: &[String]) -> Vec<String> {
    let mut answers = Vec::new();
    for path in paths {
        let mut next = Some(path.clone());
        for _ in 0..3 {
            let Some(asked) = next.take() else { break };
            let answer = caller.get(&asked).await;
            let told = ["etag", "link", "cache-control", "vary"].map(|name| answer.header(name));
            let mut body: Value = serde_json::from_str(&answer.text).unwrap();
            if let Some(id) = body.get_mut("request_id") {
                *id = Value::Null;
            }
            // the cursor is sealed, and sealed the same for the same place
            next =
                body.get("next_cursor").and_then(Value::as_str).map(|next| format!("{path}&cursor={}", encode(next)));
            let tag = if answer.status.is_success() { told.join(" ") } else { String::new() };
            answers.push(format!("{asked}\n{} {tag}\n{body}", answer.status));
        }
    }
    answers
}

/// A person at random.
fn person(draw: &mut Draw) -> Value {
    let fields: Vec<&str> = (0..=draw.below(2)).map(|_| draw.of(&FIELDS)).collect();
    let mut fields: Vec<&str> = fields;
    fields.sort_unstable();
    fields.dedup();
    let title = draw.of(&["", "TS. ", "GS.TSKH. ", "ThS. "]);
    json!({
        "full_name": format!("{title}{}", draw.words(&WORDS, 4)),
        "fields": fields,
        "specialties": [draw.words(&WORDS, 3), format!("{} {}", draw.words(&WORDS, 2), draw.below(100))],
        "workplace": draw.words(&WORDS, 4),
        "position": draw.words(&WORDS, 2),
        "province": draw.of(&["Tuyên Quang", "Hà Nội"]),
        "languages": [draw.of(&["en", "fr", "ru"])],
        "publications": [{ "title": draw.words(&WORDS, 6) }],
    })
}

/// Changes what only the Union sees: people without consents, people who withdrew or left, and what visible people keep to
/// themselves.
async fn change_what_the_union_sees(app: &TestApp, officer: &Caller<'_>, draw: &mut Draw) -> Vec<String> {
    let mut keys = Vec::new();
    for kind in 0..5 {
        let expert = enter(officer, &person(draw)).await;
        if kind > 2 {
            decide(officer, &expert, "public_profile", true).await;
        }
        match kind {
            3 => drop(decide(officer, &expert, "public_profile", false).await),
            4 => {
                let state = draw.of(&["left", "deceased"]);
                change(app, &format!("UPDATE experts SET status = '{state}' WHERE id = '{}'", text(&expert["id"])))
                    .await;
            }
            _ => {}
        }
        keys.extend([text(&expert["id"]).to_owned(), text(&expert["code"]).to_owned()]);
    }
    // the account `expert` sees its own record, so that stays as it is
    let others = "(SELECT id FROM experts WHERE public_profile AND id NOT IN (SELECT expert_id FROM accounts
                    WHERE expert_id IS NOT NULL) ORDER BY code)";
    let (year, month) = (1940 + draw.below(60), 1 + draw.below(12));
    let state = draw.of(&["active", "invited", "consented", "nominated"]);
    change(
        app,
        &format!(
            "UPDATE experts SET birth_year = {year}, birth_precision = 'year', status = '{state}', version = version + 3,
                    gender = NULL, updated_at = now(), max_parallel = {month}, standing_evidence = 'Wolfram',
                    last_confirmed = '2026-01-{month:02}', verified_at = now()
              WHERE id IN {others};
             DELETE FROM expert_restricted WHERE expert_id IN (SELECT id FROM {others} o LIMIT {month});
             INSERT INTO expert_availability (id, expert_id, kind, valid_from)
             SELECT gen_random_uuid(), id, 'unavailable', '2026-01-01' FROM {others} o ON CONFLICT DO NOTHING;
             INSERT INTO expert_consents (id, expert_id, purpose, given, decided_on, channel, text_version)
             SELECT gen_random_uuid(), id, 'contact_sharing', {}, '2026-01-01', 'paper', '2026-01' FROM {others} o",
            month % 2 == 0,
        ),
    )
    .await;
    keys
}

/// Changes people whom agencies find, and the public does not.
async fn change_what_agencies_see(officer: &Caller<'_>, draw: &mut Draw) -> Vec<String> {
    let mut keys = Vec::new();
    for _ in 0..3 {
        let expert = enter(officer, &person(draw)).await;
        decide(officer, &expert, "agency_search", true).await;
        keys.push(text(&expert["code"]).to_owned());
    }
    keys
}

async fn callers(app: &TestApp) -> Vec<(&'static str, Caller<'_>)> {
    let mut callers = vec![("", app.nobody())];
    for name in ["association", "admin", "expert", "agency"] {
        callers.push((name, app.sign_in(name).await));
    }
    callers
}

/// Half of the demo's people are found by agencies alone.
const SPLIT: &str = "
    INSERT INTO expert_consents (id, expert_id, purpose, given, decided_on, channel, text_version)
    SELECT gen_random_uuid(), id, 'public_profile', false, '2026-01-01', 'paper', '2026-01' FROM experts
     WHERE right(code, 1) IN ('2', '4', '6', '8', '0')";

async fn same(seed: u64) {
    let app = TestApp::start().await;
    change(&app, SPLIT).await;
    let officer = app.sign_in("union_officer").await;
    let draw = &mut Draw(seed);
    let people: Vec<String> = app
        .sql("SELECT string_agg(code, ',' ORDER BY code) FROM experts WHERE code <> 'CG-000001'")
        .await
        .split(',')
        .take(12)
        .map(str::to_owned)
        .collect();
    // codes that nobody has yet, and somebody hidden will
    let people: Vec<String> = people.into_iter().chain(["CG-000061".to_owned(), "CG-000063".to_owned()]).collect();
    let paths = questions(draw, &people);
    let callers = callers(&app).await;
    let mut before = Vec::new();
    for (_, caller) in &callers {
        before.push(ask(caller, &paths).await);
    }
    let union_before = ask(&officer, &paths).await;
    for round in 0..2 {
        change_what_the_union_sees(&app, &officer, draw).await;
        if round == 1 {
            expert_bank::experts::store::compact(&app.state.db).await.unwrap();
        }
        for ((name, caller), before) in callers.iter().zip(&before) {
            compare(seed, name, before, &ask(caller, &paths).await);
        }
    }
    change_what_agencies_see(&officer, draw).await;
    for ((name, caller), before) in callers.iter().zip(&before) {
        let after = ask(caller, &paths).await;
        if *name == "agency" {
            assert_ne!(&after, before, "seed {seed}: agencies see what changed for them");
        } else {
            compare(seed, name, before, &after);
        }
    }
    assert_ne!(ask(&officer, &paths).await, union_before, "seed {seed}: the Union sees what changed");
}

fn compare(seed: u64, name: &str, before: &[String], after: &[String]) {
    let found = before.iter().filter(|answer| answer.contains("\"full_name\"")).count();
    assert!(found > 30, "seed {seed}, {name}: {found} answers show somebody");
    for (one, two) in before.iter().zip(after) {
        assert_eq!(two, one, "seed {seed}, {name}");
    }
    assert_eq!(before.len(), after.len(), "seed {seed}, {name}");
}

#[tokio::test]
async fn hidden_data_changes_no_answer_1() {
    same(0x9E37_79B9_7F4A_7C15).await;
}

#[tokio::test]
async fn hidden_data_changes_no_answer_2() {
    same(20_261_125).await;
}
