//! Lists, search, facets, suggestions.

use serde_json::{Value, json};

use super::{PATH, at, enter, verb};
use crate::support::TestApp;
use crate::support::bank::{encode, listed, text};

fn facet(page: &Value, name: &str) -> Vec<(String, i64)> {
    let counts = page["facets"][name].as_array().unwrap_or_else(|| panic!("{page}"));
    counts.iter().map(|count| (text(&count["value"]).to_owned(), count["count"].as_i64().unwrap())).collect()
}

#[tokio::test]
async fn a_name_is_found_folded_by_its_beginning_and_by_what_it_was() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(
        &officer,
        "NO",
        json!({ "name": "Hội Nuôi tằm tỉnh Tuyên Quang", "short_name": "HNT", "former_names": ["Hội Dâu tằm tơ"] }),
    )
    .await;
    let rename = json!({ "kind": "renamed", "effective_on": "2020-01-01", "successors": [{ "name": "Hội Tơ lụa tỉnh Tuyên Quang" }] });
    verb(&officer, &made, "succeed", &rename).await.expect(200);
    for (q, by) in [
        ("tơ lụa", "name"),
        ("to lua", "name"),
        ("nuoi tam", "former_name"),
        ("Nuôi tằm", "former_name"),
        ("dau tam to", "former_name"),
        ("hnt", "short_name"),
        ("tơ lụaa tuyên quang", "name"),
    ] {
        let page = app.nobody().get(&format!("{PATH}?q={}", encode(q))).await.expect(200);
        let hit = page["items"][0].clone();
        assert_eq!((&hit["code"], &hit["matched"]["by"]), (&json!("NO"), &json!(by)), "{q}: {page}");
    }
    assert_eq!(
        app.nobody().get(&format!("{PATH}?q=nuoi+tam&as_of=2019-12-31")).await.expect(200)["items"][0]["matched"]["by"],
        "name"
    );
    let suggested = app.nobody().get(&format!("{PATH}/suggest?q=to+l")).await.expect(200);
    assert_eq!(suggested["items"][0]["name"], "Hội Tơ lụa tỉnh Tuyên Quang");
    // agencies are no associations
    assert_eq!(listed(&app.nobody(), &format!("{PATH}?q=so+y+te"), "code").await, Vec::<String>::new());
}

#[tokio::test]
async fn filters_and_facets_agree() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let tam = |more: Value| {
        let mut form = json!({ "main_field": "30231" });
        form.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        form
    };
    enter(&officer, "T1", tam(json!({ "name": "Hội Nhuộm Một" }))).await;
    enter(&officer, "T2", tam(json!({ "name": "Hội Nhuộm Hai", "scope": "commune", "area": "Xã Mẫu" }))).await;
    let third = enter(&officer, "T3", tam(json!({ "name": "Hội Nhuộm Ba", "main_field": "302" }))).await;
    let fourth = enter(&officer, "T4", tam(json!({ "name": "Hội Nhuộm Bốn" }))).await;
    verb(&officer, &third, "suspend", &json!({ "until": "2030-01-01", "effective_on": "2026-01-01" }))
        .await
        .expect(200);
    verb(&officer, &fourth, "begin-dissolution", &json!({ "effective_on": "2025-01-01" })).await.expect(200);
    verb(&officer, &fourth, "dissolve", &json!({ "effective_on": "2025-06-01" })).await.expect(200);
    let find = async |query: &str| {
        let mut codes = listed(&app.nobody(), &format!("{PATH}?limit=100&q=hoi+nhuom&{query}"), "code").await;
        codes.sort_unstable();
        codes
    };
    for (query, codes) in [
        ("", vec!["T1", "T2", "T3"]),
        ("field=30231", vec!["T1", "T2"]),
        ("field=302", vec!["T1", "T2", "T3"]),
        ("field=BKHCN-2008:3&scope=commune", vec!["T2"]),
        ("status=suspended", vec!["T3"]),
        ("status=dissolved", vec!["T4"]),
        ("status=active&status=dissolved", vec!["T1", "T2", "T4"]),
        ("scope=province&scope=commune", vec!["T1", "T2", "T3"]),
        ("as_of=2024-12-31", vec!["T1", "T2", "T3", "T4"]),
        ("province=08&kind=association", vec!["T1", "T2", "T3"]),
        ("kind=club", vec![]),
        ("union_member=true", vec![]),
    ] {
        assert_eq!(find(query).await, codes, "{query}");
    }
    let page =
        app.nobody().get(&format!("{PATH}?q=hoi+nhuom&facets=field,scope,status&scope=province")).await.expect(200);
    assert_eq!(facet(&page, "scope"), [("province".to_owned(), 2), ("commune".to_owned(), 1)]);
    assert_eq!(
        facet(&page, "status"),
        [("active".to_owned(), 1), ("dissolved".to_owned(), 1), ("suspended".to_owned(), 1)]
    );
    assert_eq!(
        facet(&page, "field").into_iter().find(|(value, _)| value == "BKHCN-2008:302"),
        Some(("BKHCN-2008:302".to_owned(), 2))
    );
    let by_name = listed(&app.nobody(), &format!("{PATH}?field=302&limit=100"), "code").await;
    assert!(by_name.iter().any(|code| code == "T1") && !by_name.iter().any(|code| code == "T4"), "{by_name:?}");
    for query in
        ["field=99999", "scope=galaxy", "status=asleep", "facets=colour", "province=Atlantis", "limit=0", "x=1"]
    {
        app.nobody().get(&format!("{PATH}?{query}")).await.problem(400);
    }
    let before = app.nobody().get(&format!("{PATH}?as_of=1990-01-01")).await.problem(422);
    assert_eq!(
        (&before["errors"][0]["code"], &before["errors"][0]["legal_reference"]),
        (&json!("before_register"), &json!("Nghị quyết 15/2008/QH12"))
    );
}

#[tokio::test]
async fn every_association_stands_on_one_page() {
    let app = TestApp::start().await;
    for query in ["", "&facets=scope", "&q=hoi", "&as_of=2026-01-01"] {
        let (mut seen, mut path) = (Vec::new(), format!("{PATH}?limit=4{query}"));
        loop {
            let page = app.nobody().get(&path).await.expect(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["code"]).to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("{PATH}?limit=4{query}&cursor={cursor}");
        }
        let mut once = seen.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), seen.len(), "{query}");
        assert!(seen.len() >= 25, "{query}: {}", seen.len());
    }
    let union = app.nobody().get(&format!("{PATH}/LHH-DEMO")).await.expect(200);
    assert_eq!((&union["kind"], at(&union, "")), (&json!("union"), format!("{PATH}/{}", text(&union["id"]))));
}
