//! `GET /experts`: the order of lists, and pages.

use serde_json::json;

use crate::support::bank::{encode, enter_named, listed, load_agreeing, path, text};
use crate::support::{Caller, TestApp};

#[tokio::test]
async fn names_are_in_vietnamese_order_by_given_then_family_then_middle_name() {
    let app = TestApp::start().await;
    let golden = [
        "Kpă An",
        "Kpă Anh",
        "Kpă Ánh",
        "Kpă Ân",
        "Kpă Ba",
        "Kpă Bà",
        "Kpă Bả",
        "Kpă Bã",
        "Kpă Bá",
        "Kpă Bạ",
        "Kpă Bình",
        "Kpă Dung",
        "Kpă Dũng",
        "Kpă Đa",
        "Kpă Đào",
        "Kpă Hòa",
        "Kpă Oanh",
        "Kpă Ổn",
        "Kpă Ơn",
        "Kpă Uyên",
        "Kpă Ưng",
        "Kpă Và",
        "Kpă Văn Và",
        "Kpă Vân Và",
        "Kpâ Kpă Và",
        "Kpi Kpă Và",
    ];
    let mut shuffled: Vec<_> = golden.iter().map(|name| json!({ "full_name": name })).collect();
    shuffled.reverse();
    shuffled.rotate_left(7);
    load_agreeing(&app, &shuffled).await;
    let seen = listed(&app.nobody(), "/api/v1/experts?q=kpa&sort=name&limit=100", "full_name").await;
    assert_eq!(seen, golden);
    let all = listed(&app.nobody(), "/api/v1/experts?limit=100", "full_name").await;
    let ours: Vec<&String> = all.iter().filter(|name| golden.contains(&name.as_str())).collect();
    assert_eq!(ours, golden.iter().collect::<Vec<_>>(), "without q the order is by name");
}

#[tokio::test]
async fn sort_by_updated_at_shows_the_latest_change_first() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (one, two) = (enter_named(&officer, "Kpă Một").await, enter_named(&officer, "Kpă Hai").await);
    let latest = async |count: usize| {
        let mut ids = listed(&officer, "/api/v1/experts?sort=updated_at", "id").await;
        ids.truncate(count);
        ids
    };
    assert_eq!(latest(2).await, [text(&two["id"]), text(&one["id"])]);
    officer.patch(&path(&one), "*", &json!({ "position": "Mới" })).await.expect(200);
    assert_eq!(latest(2).await, [text(&one["id"]), text(&two["id"])]);
    officer.patch(&path(&two), "*", &json!({ "position": null })).await.expect(200);
    assert_eq!(latest(2).await, [text(&one["id"]), text(&two["id"])], "a patch without effect is no change");
}

async fn walk(caller: &Caller<'_>, query: &str, limit: usize) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    for _ in 0..100 {
        let page = caller.get(&format!("/api/v1/experts?{query}&limit={limit}{cursor}")).await.expect(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        ids.extend(items.iter().map(|item| text(&item["id"]).to_owned()));
        match page.get("next_cursor") {
            Some(next) => cursor = format!("&cursor={}", text(next)),
            None => return ids,
        }
        assert_eq!(items.len(), limit, "only the last page is short");
    }
    panic!("the walk does not end");
}

#[tokio::test]
async fn a_walk_over_pages_shows_every_expert_once_in_the_order_of_one_page() {
    let app = TestApp::start().await;
    let twins: Vec<_> = (0..9).map(|_| json!({ "full_name": "Kpă Văn Đôi", "specialties": ["Lâm sinh"] })).collect();
    load_agreeing(&app, &twins).await;
    let mut paged = 0;
    for role in ["", "agency", "expert", "auditor"] {
        let caller = if role.is_empty() { app.nobody() } else { app.sign_in(role).await };
        let sees_changes = role == "auditor";
        for words in ["", "q=kpa", "q=lâm", "q=nguyen", "q=lam%20sinh", "field=4", "field=3&field=4&q=t"] {
            for sort in ["", "&sort=name", "&sort=updated_at", "&sort=relevance"] {
                let query = format!("{words}{sort}");
                if sort.ends_with("updated_at") && !sees_changes {
                    let path = format!("/api/v1/experts?{query}");
                    assert_eq!(
                        caller.get(&path).await.places(400),
                        ["/sort"],
                        "when a record changed is the bank's own"
                    );
                    continue;
                }
                let whole = walk(&caller, &query, 100).await;
                for limit in [1, 7].into_iter().filter(|limit| *limit > 1 || words == "q=kpa") {
                    assert_eq!(walk(&caller, &query, limit).await, whole, "{query} limit {limit}");
                }
                let distinct: std::collections::BTreeSet<&String> = whole.iter().collect();
                assert_eq!(distinct.len(), whole.len(), "{query}");
                assert!(!words.is_empty() || whole.len() == 69, "{query}: {}", whole.len());
                paged += usize::from(whole.len() > 7);
            }
        }
    }
    assert!(paged > 60, "{paged} walks had several pages");
}

#[tokio::test]
async fn who_does_not_change_between_pages_appears_exactly_once() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let whole = walk(&officer, "sort=name", 100).await;
    let first = officer.get("/api/v1/experts?sort=name&limit=20").await.expect(200);
    for name in ["Kpă A", "Kpă Ý", "Kpă Hoa"] {
        enter_named(&officer, name).await;
    }
    let moved = first["items"][19]["id"].clone();
    officer
        .patch(&format!("/api/v1/experts/{}", text(&moved)), "*", &json!({ "full_name": "Kpă Aa" }))
        .await
        .expect(200);
    let next = format!("/api/v1/experts?sort=name&limit=100&cursor={}", text(&first["next_cursor"]));
    let rest = listed(&officer, &next, "id").await;
    let unchanged: Vec<&String> = rest.iter().filter(|id| whole.contains(id)).collect();
    assert_eq!(unchanged, whole[20..].iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_cursor_serves_its_query_and_audience_only() {
    let app = TestApp::start().await;
    let (nobody, agency, officer) = (app.nobody(), app.sign_in("agency").await, app.sign_in("union_officer").await);
    let page = agency.get("/api/v1/experts?limit=5&sort=name").await.expect(200);
    let cursor = encode(text(&page["next_cursor"]));
    agency.get(&format!("/api/v1/experts?limit=50&sort=name&cursor={cursor}")).await.expect(200);
    app.sign_in("science_dept").await.get(&format!("/api/v1/experts?sort=name&cursor={cursor}")).await.expect(200);
    for (caller, query) in [
        (&agency, "sort=relevance"),
        (&agency, "sort=name&q=an"),
        (&agency, "sort=name&field=4"),
        (&nobody, "sort=name"),
        (&officer, "sort=name"),
    ] {
        let answer = caller.get(&format!("/api/v1/experts?{query}&cursor={cursor}")).await;
        assert_eq!(answer.problem(400)["code"], "invalid_cursor", "{query}");
    }
    let other = agency.get("/api/v1/organisations?limit=1").await.expect(200);
    let foreign = encode(text(&other["next_cursor"]));
    agency.get(&format!("/api/v1/experts?cursor={foreign}")).await.problem(400);
}

#[tokio::test]
async fn a_list_that_is_held_is_304() {
    let app = TestApp::start().await;
    let place = "/api/v1/experts?limit=100&q=nguyen";
    let etag = app.nobody().get(place).await.header("etag");
    let held = [("if-none-match", etag.as_str())];
    assert_eq!(app.nobody().send(reqwest::Method::GET, place, &held, None).await.status, 304);
    load_agreeing(&app, &[json!({ "full_name": "Nguyễn Kpă" })]).await;
    assert_eq!(app.nobody().send(reqwest::Method::GET, place, &held, None).await.status, 200);
}
