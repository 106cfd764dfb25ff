//! Query strings and cursors.

use serde_json::json;

use crate::support::people::{create, text};
use crate::support::{Caller, TestApp};

#[tokio::test]
async fn a_query_that_is_not_understood_is_refused_by_its_place() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    for path in
        ["/api/v1/accounts", "/api/v1/api-clients", "/api/v1/audit-events", "/api/v1/experts", "/api/v1/organisations"]
    {
        for (query, pointer) in [
            ("colour=red", "/colour"),
            ("=red", "/"),
            ("LIMIT=5", "/LIMIT"),
            ("limit=5&limit=6", "/limit"),
            ("cursor=a&cursor=a", "/cursor"),
            ("limit=0", "/limit"),
            ("limit=101", "/limit"),
            ("limit=-1", "/limit"),
            ("limit=abc", "/limit"),
            ("limit=1.5", "/limit"),
            ("limit=99999999999999999999999999", "/limit"),
            ("limit=%ff", "/limit"),
            ("cursor=%00", "/cursor"),
            ("cursor=%", "/cursor"),
            ("cursor=%zz", "/cursor"),
            ("cursor=%c3%28", "/cursor"),
            ("%ff=1", "/ff"),
            ("cursor=rubbish", "/cursor"),
            ("cursor=", "/cursor"),
        ] {
            let answer = admin.get(&format!("{path}?{query}")).await;
            assert_eq!(answer.status, 400, "{path}?{query}: {}", answer.text);
            assert_eq!(answer.places(400), [pointer], "{path}?{query}");
        }
        for query in ["", "limit=1", "limit=100", "&&", "limit=%31"] {
            assert_eq!(admin.get(&format!("{path}?{query}")).await.status, 200, "{path}?{query}");
        }
    }
}

async fn first_cursor(caller: &Caller<'_>, path: &str) -> String {
    text(&caller.get(path).await.expect(200), "next_cursor")
}

async fn refused(caller: &Caller<'_>, path: &str) {
    let answer = caller.get(path).await;
    assert_eq!(answer.status, 400, "{path}: {}", answer.text);
    let problem = answer.problem(400);
    assert_eq!((&problem["code"], &problem["errors"][0]["pointer"]), (&json!("invalid_cursor"), &json!("/cursor")));
}

#[tokio::test]
async fn a_cursor_works_only_with_the_query_that_made_it_and_as_it_was_made() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    for index in 0..3 {
        let body = json!({ "username": format!("nv-{index}"), "display_name": "A", "role": "auditor" });
        create(&admin, &body).await;
    }
    let path = "/api/v1/accounts?limit=2";
    let cursor = first_cursor(&admin, path).await;
    admin.get(&format!("{path}&cursor={cursor}")).await.expect(200);
    // the number of rows a page is no part of the query
    admin.get(&format!("/api/v1/accounts?limit=3&cursor={cursor}")).await.expect(200);
    for index in [0, cursor.len() / 2, cursor.len() - 2] {
        let mut altered = cursor.clone().into_bytes();
        altered[index] = if altered[index] == b'A' { b'B' } else { b'A' };
        refused(&admin, &format!("{path}&cursor={}", String::from_utf8(altered).unwrap())).await;
    }
    refused(&admin, &format!("{path}&cursor={}", &cursor[..cursor.len() - 1])).await;
    refused(&admin, &format!("{path}&cursor={cursor}A")).await;
    refused(&admin, &format!("{path}&cursor={cursor}%3D")).await;
    refused(&admin, &format!("{path}&role=auditor&cursor={cursor}")).await;
    refused(&admin, &format!("/api/v1/audit-events?limit=2&cursor={cursor}")).await;
    refused(&admin, &format!("/api/v1/experts?limit=2&cursor={cursor}")).await;
}

#[tokio::test]
async fn a_cursor_of_somebody_who_sees_other_rows_is_refused() {
    let app = TestApp::start().await;
    let (officer, agency) = (app.sign_in("union_officer").await, app.sign_in("agency").await);
    let nobody = app.nobody();
    let path = "/api/v1/experts?limit=2";
    let cursors =
        [first_cursor(&officer, path).await, first_cursor(&agency, path).await, first_cursor(&nobody, path).await];
    for (reader, caller) in [&officer, &agency, &nobody].into_iter().enumerate() {
        for (owner, cursor) in cursors.iter().enumerate() {
            let path = format!("{path}&cursor={cursor}");
            if reader == owner { _ = caller.get(&path).await.expect(200) } else { refused(caller, &path).await }
        }
    }
}
