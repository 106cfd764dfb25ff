//! `GET /organisations` and its suggestions: lists, search, old names.

use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use expert_bank::db::Conn;
use expert_bank::organisations::store::{self, Wanted};
use serde_json::{Value, json};

use crate::support::bank::{encode, enter_body, listed, load_real_bodies, text};
use crate::support::{Caller, TestApp};

const PATH: &str = "/api/v1/organisations";

async fn first(caller: &Caller<'_>, query: &str) -> Value {
    caller.get(&format!("{PATH}?{query}")).await.expect(200)["items"][0].clone()
}

#[tokio::test]
async fn lists_are_filtered_by_kind_province_parent_words_and_day() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let nobody = app.nobody();
    let parent = first(&nobody, "q=mttq&province=08").await;
    let children = format!("parent_id={}", text(&parent["id"]));
    for (query, codes) in [
        ("kind=union", vec!["LHH-TQ", "LHH-DEMO", "VUSTA"]),
        ("kind=union&as_of=2012-11-07", vec!["LHH-HG", "LHH-TQ-CU", "VUSTA"]),
        ("kind=union&province=08", vec!["LHH-TQ", "LHH-DEMO"]),
        ("kind=union&province=Tuy%C3%AAn%20Quang&as_of=2012-11-07", vec!["LHH-TQ-CU"]),
        ("kind=union&province=02&as_of=2012-11-07", vec!["LHH-HG"]),
        ("kind=union&province=ha+giang&as_of=2012-11-07", vec!["LHH-HG"]),
        // the schools of Hà Giang are in Tuyên Quang today
        ("kind=institution&province=08&q=truong", vec!["SCH-44", "SCH-45", "SCH-48", "SCH-47", "SCH-46"]),
        ("kind=institution&province=08&q=truong&as_of=2012-11-07", vec![]),
        (&children, vec!["LHH-TQ"]),
        ("q=skhcn&province=08", vec!["SKHCN-TQ", "SKHCN-DEMO"]),
        ("q=skhcn&as_of=2012-11-07", vec!["SKHCN-HG"]),
        ("q=Veterans&as_of=2012-11-07", vec!["HCCB-HG"]),
        ("q=Veterans", vec![]),
        // a province is called what it was called on the day
        ("q=cao+dang+nghe+tuyen+quang", vec!["SCH-45"]),
        ("q=cao+dang+nghe+ha+giang", vec!["SCH-45"]),
        ("q=so+xay+dung+tuyen+quang&as_of=2012-11-07", vec![]),
        ("q=so+xay+dung+ha+giang&as_of=2012-11-07", vec!["SXD-HG"]),
    ] {
        let mut seen = listed(&nobody, &format!("{PATH}?{query}"), "code").await;
        let mut expected = codes.clone();
        seen.sort_unstable();
        expected.sort_unstable();
        assert_eq!(seen, expected, "{query}");
    }
}

#[tokio::test]
async fn what_is_asked_wrongly_is_named() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    for (query, place) in [
        ("kind=ministry", "/kind"),
        ("as_of=x", "/as_of"),
        ("name=x", "/name"),
        ("q=%00", "/q"),
        ("province=Atlantis", "/province"),
        ("province=02", "/province"),
        ("parent_id=1", "/parent_id"),
        (&format!("q={}", vec!["a"; 20_000].join("+")), "/q"),
    ] {
        assert_eq!(nobody.get(&format!("{PATH}?{query}")).await.places(400), [place], "{query}");
    }
    for path in [PATH.to_owned(), format!("{PATH}/suggest"), format!("{PATH}/SKHCN-DEMO")] {
        let q = if path.ends_with("suggest") { "&q=so" } else { "" };
        let problem = nobody.get(&format!("{path}?as_of=2008-07-31{q}")).await.problem(422);
        assert_eq!(problem["errors"][0]["code"], "before_register", "{path}");
        nobody.get(&format!("{path}?as_of=9999-12-31{q}")).await.expect(200);
    }
}

#[tokio::test]
async fn an_old_name_finds_who_lives_today_and_says_so() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let nobody = app.nobody();
    for (q, code, by, name) in [
        ("so ke hoach va dau tu", "STC-TQ", "predecessor", "Sở Kế hoạch và Đầu tư"),
        ("Sở Kế hoạch và Đầu tư", "STC-TQ", "predecessor", "Sở Kế hoạch và Đầu tư"),
        ("so giao thong van tai", "SXD-TQ", "predecessor", "Sở Giao thông vận tải"),
        ("lien hiep cac hoi ha giang", "LHH-TQ", "predecessor", "Liên hiệp các Hội Khoa học và Kỹ thuật tỉnh Hà Giang"),
        ("so tai chinh", "STC-TQ", "name", "Sở Tài chính Tuyên Quang"),
        ("SNNMT-TQ so nong nghiep moi truong", "", "", ""),
    ] {
        let hit = first(&nobody, &format!("q={}", encode(q))).await;
        if code.is_empty() {
            continue;
        }
        assert_eq!((&hit["code"], &hit["matched"]["by"]), (&json!(code), &json!(by)), "{q}: {hit}");
        assert_eq!((&hit["matched"]["name"], &hit["matched"]["approximate"]), (&json!(name), &json!(false)), "{q}");
        let since = if by == "predecessor" { json!("2025-07-01") } else { Value::Null };
        assert_eq!(hit["matched"].get("since").is_some(), since.is_string(), "{q}: {hit}");
        assert!(hit["matched"].get("predecessor_id").is_some() == since.is_string());
    }
    // on a day before the merger it is the old body itself
    let then = first(&nobody, &format!("q={}&as_of=2025-01-01", encode("so ke hoach va dau tu"))).await;
    assert_eq!((&then["code"], &then["matched"]["by"]), (&json!("SKHDT-HG"), &json!("name")));
    assert_eq!(then["valid_to"], Value::Null, "on that day nobody knew");
}

#[tokio::test]
async fn the_best_name_comes_first_and_accents_count() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for (code, name) in
        [("A", "Trung tâm Hoa Ban"), ("B", "Hoa Ban"), ("C", "Ban Hoà giải"), ("D", "Hoa Ban Đỏ"), ("E", "Hoả Bán")]
    {
        // the same name but for its accents needs another place
        let province = if code == "E" { "01" } else { "08" };
        let form = json!({ "code": code, "kind": "institution", "name": name, "province": province });
        enter_body(&officer, &form).await;
    }
    let (b, e) = (vec!["B", "E", "D", "A", "C"], vec!["E", "B", "D", "A", "C"]);
    for (q, codes) in [("Hoa Ban", &b), ("Hỏa Bán", &e), ("Hoả bán", &e), ("ban hoà", &vec!["C", "B", "E", "A", "D"])]
    {
        let seen = listed(&app.nobody(), &format!("{PATH}?q={}", encode(q)), "code").await;
        assert_eq!(seen[0], codes[0], "{q}: {seen:?}");
        let mut sorted = (seen.clone(), codes.clone());
        sorted.0.sort_unstable();
        sorted.1.sort_unstable();
        assert_eq!(sorted.0, sorted.1, "{q}");
        if codes != &b && codes != &e {
            continue;
        }
        assert_eq!(seen, *codes, "{q}");
    }
}

#[tokio::test]
async fn a_slip_of_the_pen_finds_what_is_similar_and_says_so() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let hit = first(&app.nobody(), &format!("q={}", encode("Sở Tư phắp Tuyên Qang"))).await;
    assert_eq!((&hit["code"], &hit["matched"]["approximate"]), (&json!("STP-TQ"), &json!(true)));
    let nothing = app.nobody().get(&format!("{PATH}?q=zzzzzz")).await.expect(200);
    assert_eq!(nothing, json!({ "items": [] }));
}

#[tokio::test]
async fn suggestions_are_at_most_eight_of_what_was_typed() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let path = format!("{PATH}/suggest");
    let all = listed(&app.nobody(), &format!("{path}?q=so"), "code").await;
    assert_eq!(all.len(), 8);
    let seen = listed(&app.nobody(), &format!("{path}?q=so+khoa+tuyen&province=08"), "code").await;
    assert_eq!(seen, ["SKHCN-TQ", "SKHCN-DEMO"]);
    let seen = listed(&app.nobody(), &format!("{path}?q=so+k&as_of=2012-11-07&kind=agency"), "code").await;
    assert_eq!(seen, ["SKHDT-HG", "SKHCN-HG"]);
    assert_eq!(app.nobody().get(&format!("{path}?q=")).await.expect(200), json!({ "items": [] }));
}

#[tokio::test]
async fn a_walk_shows_every_organisation_once_with_and_without_words() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let parents: Vec<Value> = {
        let mut parents = Vec::new();
        for n in 0..12 {
            let form = json!({ "code": format!("P-{n:02}"), "kind": "institution", "name": format!("Trường số {n}") });
            parents.push(enter_body(&officer, &form).await["id"].clone());
        }
        parents
    };
    for (n, parent) in parents.iter().enumerate() {
        let form =
            json!({ "code": format!("K-{n:02}"), "kind": "institution", "name": "Khoa Nông học", "parent_id": parent });
        enter_body(&officer, &form).await;
    }
    for query in ["", "&q=khoa", "&q=truong+so"] {
        let whole = listed(&app.nobody(), &format!("{PATH}?limit=100{query}"), "code").await;
        assert!(whole.len() >= 12, "{whole:?}");
        let (mut codes, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app.nobody().get(&format!("{PATH}?limit=5{query}{cursor}")).await.expect(200);
            codes.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["code"]).to_owned()));
            match page.get("next_cursor") {
                Some(next) => cursor = format!("&cursor={}", encode(text(next))),
                None => break,
            }
        }
        assert_eq!(codes, whole, "{query}");
    }
}

#[tokio::test]
async fn held_answers_are_304() {
    let app = TestApp::start().await;
    for place in [format!("{PATH}?kind=union"), format!("{PATH}/LHH-DEMO"), format!("{PATH}/LHH-DEMO/history")] {
        let etag = app.nobody().get(&place).await.header("etag");
        let held = [("if-none-match", etag.as_str())];
        let again = app.nobody().send(reqwest::Method::GET, &place, &held, None).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""), "{place}");
    }
}

/// Three thousand bodies with ten names each: in a small table the planner has no reason to look for an index.
const CROWD: &str = "
    INSERT INTO organisations (id, code, kind, valid_from, source)
        SELECT gen_random_uuid(), 'N-' || n, 'institution', '2016-01-01', 'test' FROM generate_series(1, 3000) AS n;
    INSERT INTO organisation_versions (id, organisation_id, valid_from, valid_to, name, name_key)
        SELECT gen_random_uuid(), id, make_date(2016 + y, 1, 1), make_date(2016 + y, 12, 31), code, code || '-' || y
          FROM organisations, generate_series(0, 9) AS y WHERE code LIKE 'N-%';
    INSERT INTO organisation_names (id, organisation_id, kind, name, valid_from, valid_to, key, search_key, accent_key, match_key)
        SELECT gen_random_uuid(), organisation_id, 'full', name, valid_from, valid_to, k, k, k, trim(k)
          FROM organisation_versions, LATERAL (SELECT ' ' || md5(name_key) || ' ') AS l (k) WHERE name LIKE 'N-%';
    ANALYZE organisations; ANALYZE organisation_versions; ANALYZE organisation_names";

/// How often an index was used in the transaction of this connection.
async fn scans(conn: &mut Conn, index: &str) -> i64 {
    let count = sql::<BigInt>(&format!("pg_stat_get_xact_numscans('{index}'::regclass)"));
    diesel::select(count).get_result(conn).await.unwrap()
}

#[tokio::test]
async fn lists_searches_and_matching_use_their_indexes() {
    let app = TestApp::start().await;
    crate::support::bank::change(&app, CROWD).await;
    let mut conn = app.state.db.conn().await.unwrap();
    // a register is so small that reading it whole is often cheaper
    conn.batch_execute("BEGIN; SET LOCAL enable_seqscan = off").await.unwrap();
    let wanted = Wanted {
        day: "2017-11-07".parse().unwrap(),
        kind: None,
        provinces: None,
        among: None,
        with_ended: false,
        parent_id: None,
        limit: 21,
    };
    let key = app.sql("SELECT md5('N-7-1')").await;
    let words = [(key[..12].to_owned(), None)];
    assert_eq!(store::list(&mut conn, &wanted, None).await.unwrap().len(), 21);
    assert_eq!(scans(&mut conn, "organisation_versions_name").await, 1);
    for approximate in [false, true] {
        let before = scans(&mut conn, "organisation_names_search").await;
        let hits = store::find_names(&mut conn, &wanted, &words, approximate, None).await.unwrap();
        assert_eq!(hits[0].found.code, "N-7");
        assert_eq!(scans(&mut conn, "organisation_names_search").await, before + 1, "approximate: {approximate}");
    }
    assert_eq!(store::candidates(&mut conn, &[&key], wanted.day).await.unwrap().len(), 1);
    assert_eq!(scans(&mut conn, "organisation_names_match").await, 1);
    assert_eq!(store::exact(&mut conn, &[&key], wanted.day).await.unwrap().len(), 1);
    assert_eq!(scans(&mut conn, "organisation_names_exact").await, 1);
    // either the index of the foreign key or that of the rule against overlaps
    let history = ["organisation_versions_body", "organisation_versions_overlap"];
    let before = scans(&mut conn, history[0]).await + scans(&mut conn, history[1]).await;
    store::find(&mut conn, "N-7").await.unwrap();
    assert_eq!(scans(&mut conn, history[0]).await + scans(&mut conn, history[1]).await, before + 1);
}
