//! `/field-groups`, and the loading of groups.

use expert_bank::fields::load_groups::load;
use serde_json::{Value, json};

use crate::fields::TempFile;
use crate::support::TestApp;
use crate::support::bank::{decide, enter, listed, text};

const PATH: &str = "/api/v1/field-groups";
const HEADER: &str = "code,scheme,name_vi,name_en,science_field_codes,source\n";

#[tokio::test]
async fn the_unions_groups_are_listed_by_code_and_others_by_scheme() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    let codes = listed(&nobody, PATH, "code").await;
    assert_eq!((codes.len(), codes[0].as_str(), codes[11].as_str()), (12, "NH-01", "NH-12"));
    assert!(codes.is_sorted());
    let first = nobody.get(PATH).await.expect(200)["items"][0].clone();
    assert_eq!(first["name_vi"], "Nông nghiệp, lâm nghiệp, thủy sản");
    assert_eq!(first["scheme"], "nhom_nganh_linh_vuc");
    assert_eq!(listed(&nobody, &format!("{PATH}?scheme=hoi_thi_stkt"), "code").await.len(), 6);
    assert_eq!(listed(&nobody, &format!("{PATH}?scheme=khac"), "code").await, Vec::<String>::new());
    let page = nobody.get(&format!("{PATH}?limit=5")).await.expect(200);
    let next = format!("{PATH}?limit=100&cursor={}", text(&page["next_cursor"]));
    assert_eq!(listed(&nobody, &next, "code").await, codes[5..]);
    for (query, place) in [("scheme=%00", "/scheme"), ("q=x", "/q"), ("limit=0", "/limit"), ("cursor=x", "/cursor")] {
        assert_eq!(nobody.get(&format!("{PATH}?{query}")).await.places(400), [place]);
    }
}

#[tokio::test]
async fn a_group_shows_its_fields_by_name() {
    let app = TestApp::start().await;
    let group = app.nobody().get(&format!("{PATH}/NH-04")).await.expect(200);
    let fields = group["fields"].as_array().unwrap();
    let names: Vec<(&str, &str)> = fields.iter().map(|field| (text(&field["code"]), text(&field["scheme"]))).collect();
    assert_eq!(names, [("201", "BKHCN-2008"), ("50703", "BKHCN-2008")]);
    assert!(fields.iter().all(|field| !text(&field["name_vi"]).is_empty() && field["experts"].is_i64()));
    assert!(group.get("source").is_none());
    for unknown in ["NH-99", "nh-04", "%00", "NH-04%2F"] {
        app.nobody().get(&format!("{PATH}/{unknown}")).await.problem(404);
    }
    assert_eq!(app.nobody().get(&format!("{PATH}/NH-04?scheme=x")).await.places(400), ["/scheme"]);
}

fn count(groups: &Value, code: &str) -> i64 {
    let found = groups["items"].as_array().unwrap().iter().find(|group| group["code"] == code);
    found.and_then(|group| group["experts"].as_i64()).unwrap_or_else(|| panic!("no count of {code}: {groups}"))
}

#[tokio::test]
async fn a_group_counts_each_person_once_and_only_those_one_may_see() {
    let app = TestApp::start().await;
    let (officer, agency, nobody) = (app.sign_in("union_officer").await, app.sign_in("agency").await, app.nobody());
    let mut before = Vec::new();
    for caller in [&officer, &agency, &nobody] {
        before.push(caller.get(PATH).await.expect(200));
    }
    // two fields of NH-01 and one of NH-02; then a group by choice alone
    let body = json!({ "full_name": "Kpă Văn Mẫu", "fields": ["40401", "401", "301"] });
    let one = enter(&officer, &body).await;
    let two = enter(&officer, &json!({ "full_name": "Kpă Thị Mẫu", "field_groups": ["NH-01"] })).await;
    decide(&officer, &one, "agency_search", true).await;
    decide(&officer, &two, "public_profile", true).await;
    for (index, (caller, more)) in
        [(&officer, [2, 1, 0]), (&agency, [2, 1, 0]), (&nobody, [1, 0, 0])].into_iter().enumerate()
    {
        let after = caller.get(PATH).await.expect(200);
        for (code, more) in ["NH-01", "NH-02", "NH-04"].into_iter().zip(more) {
            assert_eq!(count(&after, code), count(&before[index], code) + more, "{index} {code}");
            let alone = caller.get(&format!("{PATH}/{code}")).await.expect(200);
            assert_eq!(alone["experts"], count(&after, code), "{index} {code}");
        }
    }
    decide(&officer, &two, "public_profile", false).await;
    assert_eq!(count(&nobody.get(PATH).await.expect(200), "NH-01"), count(&before[2], "NH-01"));
}

#[tokio::test]
async fn counts_of_everybody_are_for_caches_of_their_own() {
    let app = TestApp::start().await;
    for place in [PATH, "/api/v1/field-groups/NH-01", "/api/v1/fields", "/api/v1/fields/404"] {
        for (account, cache) in
            [("", "public"), ("association", "public"), ("agency", "private"), ("expert", "private")]
        {
            let caller = if account.is_empty() { app.nobody() } else { app.sign_in(account).await };
            let answer = caller.get(place).await;
            assert_eq!(answer.header("cache-control"), format!("{cache}, no-cache"), "{account} {place}");
        }
    }
}

async fn groups_now(app: &TestApp) -> String {
    app.sql(
        "SELECT concat((SELECT md5(string_agg(g::text, '' ORDER BY code)) FROM field_groups g),
                (SELECT md5(string_agg(f::text, '' ORDER BY group_code, scheme, field_code)) FROM field_group_fields f),
                (SELECT count(*) FROM audit_events))",
    )
    .await
}

#[tokio::test]
async fn a_broken_file_is_named_by_line_and_column_and_nothing_of_it_is_loaded() {
    let app = TestApp::start().await;
    let before = groups_now(&app).await;
    for (rows, fault) in [
        ("nh-1,s,X,X,404,\n", "line 2, column code: `nh-1` is not 1 to 32"),
        (",s,X,X,404,\n", "line 2, column code: must not be blank"),
        ("X-1,,X,X,404,\n", "line 2, column scheme: must not be blank"),
        ("X-1,s,,X,404,\n", "line 2, column name_vi: must not be blank"),
        ("X-1,s,X,X,404|99999,\n", "line 2, column science_field_codes: there is no field `99999` in BKHCN-2008"),
        ("X-1,s,X,X,BKHCN-2025:404,\n", "line 2, column science_field_codes: there is no field `404` in BKHCN-2025"),
        ("X-1,s,X,X,404|404,\n", "line 2, column science_field_codes: `404` stands twice"),
        ("X-1,s,X,X,404,\nX-1,s,Y,Y,401,\n", "line 3, column code: the same stands already on line 2"),
        ("X-1,s,X,X,404\n", "line 2, column (all): 5 cells"),
    ] {
        let file = TempFile::new(format!("{HEADER}{rows}").as_bytes());
        let error = load(&app.state, &file.sheet()).await.unwrap_err().to_string();
        assert!(error.contains(fault), "{rows}: {error}");
        assert_eq!(groups_now(&app).await, before, "{rows}");
    }
    let file = TempFile::new(b"code,scheme,name_vi,name_en\n");
    load(&app.state, &file.sheet()).await.unwrap_err();
}

#[tokio::test]
async fn groups_are_loaded_once_and_replaced_by_a_changed_line() {
    let app = TestApp::start().await;
    let counts = async |rows: &str| {
        let file = TempFile::new(format!("{HEADER}{rows}").as_bytes());
        let loaded = load(&app.state, &file.sheet()).await.unwrap();
        (loaded.rows, loaded.changed)
    };
    let rows = "X-1,s,Rừng,Forests,404 | 401,nguồn\nX-2,s,Biển,Sea,,\n";
    assert_eq!(counts(rows).await, (2, 2));
    let before = groups_now(&app).await;
    assert_eq!(counts(rows).await, (2, 0));
    assert_eq!(groups_now(&app).await, before, "a second time without effect");
    assert_eq!(counts("X-1,s,Rừng,Forests,BKHCN-2008:40401,nguồn\n").await, (1, 1));
    let group = app.nobody().get(&format!("{PATH}/X-1")).await.expect(200);
    assert_eq!(group["fields"].as_array().unwrap().len(), 1);
    assert_eq!(group["fields"][0]["code"], "40401");
    assert_eq!(
        listed(&app.nobody(), &format!("{PATH}?scheme=s"), "code").await,
        ["X-1", "X-2"],
        "what is not named stays"
    );
    expert_bank::start::load_reference(&app.state, None).await.unwrap();
    assert_eq!(listed(&app.nobody(), PATH, "code").await.len(), 12);
}
