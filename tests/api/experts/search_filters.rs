//! `GET /experts`: filters, facets, counts and orders.

use serde_json::{Value, json};

use crate::support::bank::{change, enter, listed, load_agreeing, text};
use crate::support::{Caller, TestApp};

async fn names(caller: &Caller<'_>, query: &str) -> Vec<String> {
    listed(caller, &format!("/api/v1/experts?q=kpa&sort=name&limit=100&{query}"), "full_name").await
}

/// Five people, one of each kind.
async fn five(app: &TestApp) {
    load_agreeing(
        app,
        &[
            json!({ "full_name": "PGS.TS. Kpă An", "province": "Tuyên Quang", "fields": ["40401", "101"], "languages": ["en"] }),
            json!({ "full_name": "TS. Kpă Bình", "province": "Hà Nội", "fields": ["404"], "languages": ["en", "ru"] }),
            json!({ "full_name": "ThS. Kpă Chi", "province": "Tuyên Quang", "fields": ["10101"] }),
            json!({ "full_name": "Kpă Dung", "fields": ["4"] }),
            json!({ "full_name": "GS.TSKH. Kpă Em", "languages": ["fr"] }),
        ],
    )
    .await;
    change(app, "UPDATE experts SET country = 'FR' WHERE full_name = 'Kpă Em'").await;
}

#[tokio::test]
async fn filters_are_or_within_and_and_between() {
    let app = TestApp::start().await;
    five(&app).await;
    let nobody = app.nobody();
    for (query, expected) in [
        ("degree=TS", "An Bình"),
        ("degree=TS&degree=ThS", "An Bình Chi"),
        ("min_degree=TS", "An Bình Em"),
        ("min_degree=ThS", "An Bình Chi Em"),
        ("min_degree=ThS&degree=ThS", "Chi"),
        ("academic_rank=PGS", "An"),
        ("academic_rank=PGS&academic_rank=GS", "An Em"),
        ("academic_rank=PGS&degree=ThS", ""),
        ("province=Tuy%C3%AAn%20Quang", "An Chi"),
        ("province=08&field=404", "An"),
        ("residency=in_province", "An Chi"),
        ("residency=out_of_province", "Bình"),
        ("residency=abroad", "Em"),
        ("residency=abroad&residency=out_of_province", "Bình Em"),
        ("language=en", "An Bình"),
        ("language=EN&language=fr", "An Bình Em"),
        ("field=404&field=101&language=en", "An Bình"),
    ] {
        let expected: Vec<String> = expected.split_whitespace().map(|name| format!("Kpă {name}")).collect();
        assert_eq!(names(&nobody, query).await, expected, "{query}");
    }
    let by_degree = listed(&nobody, "/api/v1/experts?q=kpa&sort=degree", "full_name").await;
    assert_eq!(by_degree, ["Kpă Em", "Kpă An", "Kpă Bình", "Kpă Chi", "Kpă Dung"]);
    let best = listed(&nobody, "/api/v1/experts?sort=relevance&limit=100", "id").await;
    assert_eq!(
        best,
        listed(&nobody, "/api/v1/experts?sort=degree&limit=100", "id").await,
        "without words all fit alike"
    );
}

#[tokio::test]
async fn groups_take_fields_along_or_were_chosen() {
    let app = TestApp::start().await;
    five(&app).await;
    change(
        &app,
        "INSERT INTO field_groups (code, scheme, name_vi, name_en) VALUES ('X-1', 'nhom_nganh_linh_vuc', 'Nông lâm', 'Farms and forests');
         INSERT INTO field_group_fields VALUES ('X-1', 'BKHCN-2008', '404');
         UPDATE experts SET field_groups = '{X-1}' WHERE full_name = 'Kpă Em'",
    )
    .await;
    let nobody = app.nobody();
    assert_eq!(names(&nobody, "field_group=X-1").await, ["Kpă An", "Kpă Bình", "Kpă Em"]);
    assert_eq!(nobody.get("/api/v1/experts?field_group=X-2").await.places(400), ["/field_group"]);
    let page = nobody.get("/api/v1/experts?q=kpa&facets=field_group").await.expect(200);
    let values = page["facets"]["field_group"]["values"].as_array().unwrap();
    assert!(values.contains(&json!({ "value": "X-1", "label": "Nông lâm", "count": 3 })), "{values:?}");
}

#[tokio::test]
async fn a_workplace_takes_along_what_stands_under_it() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let body = async |name: &str, parent: Option<&Value>| {
        let parent = parent.map(|body: &Value| body["id"].clone());
        let body = json!({ "kind": "agency", "name": name, "parent_id": parent, "code": name.to_uppercase().replace(' ', "-") });
        officer.post("/api/v1/organisations", &body).await.expect(201)
    };
    let above = body("So Kpa", None).await;
    let below = body("Chi cuc Kpa", Some(&above)).await;
    enter(&officer, &json!({ "full_name": "Kpă An", "workplace_id": above["id"], "workplace": "So Kpa" })).await;
    enter(&officer, &json!({ "full_name": "Kpă Bình", "workplace_id": below["id"], "workplace": "Chi cuc Kpa" })).await;
    enter(&officer, &json!({ "full_name": "Kpă Chi" })).await;
    for (key, expected) in [
        (text(&above["id"]), vec!["Kpă An", "Kpă Bình"]),
        ("SO-KPA", vec!["Kpă An", "Kpă Bình"]),
        ("CHI-CUC-KPA", vec!["Kpă Bình"]),
    ] {
        assert_eq!(names(&officer, &format!("organisation={key}")).await, expected, "{key}");
    }
    let page =
        officer.get("/api/v1/experts?q=kpa&facets=organisation&organisation=CHI-CUC-KPA&count=true").await.expect(200);
    assert_eq!(page["total"], 1);
    assert_eq!(page["facets"]["organisation"]["values"].as_array().unwrap().len(), 2, "without its own filter: {page}");
}

#[tokio::test]
async fn members_of_an_association_are_those_of_today() {
    let app = TestApp::start().await;
    five(&app).await;
    change(
        &app,
        "INSERT INTO expert_memberships (expert_id, ordinal, organisation_id, valid_from, valid_to)
         SELECT e.id, 0, o.id, m.since::date, m.til::date FROM organisations o, experts e
           JOIN (VALUES ('Kpă An', NULL, NULL), ('Kpă Bình', '2020-01-01', NULL), ('Kpă Chi', NULL, '2020-01-01'),
                        ('Kpă Em', '2999-01-01', NULL)) m (name, since, til) ON m.name = e.full_name
          WHERE o.code = 'HLN-DEMO'",
    )
    .await;
    assert_eq!(names(&app.nobody(), "association=HLN-DEMO").await, ["Kpă An", "Kpă Bình"]);
}

#[tokio::test]
async fn the_unions_own_data_filters_for_the_union_alone() {
    let app = TestApp::start().await;
    five(&app).await;
    change(
        &app,
        "INSERT INTO expert_availability (id, expert_id, kind, valid_from, valid_to)
         SELECT gen_random_uuid(), id, kind, valid_from::date, valid_to::date FROM experts e
           JOIN (VALUES ('Kpă An', 'unavailable', '2030-01-01', '2030-01-31'),
                        ('Kpă Bình', 'no_new_work', '2030-01-15', NULL)) a (name, kind, valid_from, valid_to)
             ON a.name = e.full_name;
         UPDATE experts SET status = 'nominated' WHERE full_name = 'Kpă Chi';
         UPDATE experts SET updated_at = '2020-01-01' WHERE full_name LIKE 'Kpă %' AND full_name <> 'Kpă Dung'",
    )
    .await;
    let auditor = app.sign_in("auditor").await;
    for (query, expected) in [
        ("available_on=2030-01-14", "Bình Chi Dung Em"),
        ("available_on=2030-01-31", "Chi Dung Em"),
        ("available_on=2030-02-01", "An Chi Dung Em"),
        ("status=nominated", "Chi"),
        ("status=nominated&status=active", "An Bình Chi Dung Em"),
        ("updated_since=2020-01-02", "Dung"),
        ("updated_since=2020-01-01T00:00:00Z", "An Bình Chi Dung Em"),
    ] {
        let expected: Vec<String> = expected.split_whitespace().map(|name| format!("Kpă {name}")).collect();
        assert_eq!(names(&auditor, query).await, expected, "{query}");
        for caller in [app.nobody(), app.sign_in("agency").await, app.sign_in("expert").await] {
            let problem = caller.get(&format!("/api/v1/experts?{query}")).await.problem(400);
            assert_eq!(problem["errors"][0]["code"], "not_allowed", "{query}");
        }
    }
    let page = auditor.get("/api/v1/experts?q=kpa&facets=status").await.expect(200);
    assert_eq!(
        page["facets"]["status"]["values"][1],
        json!({ "value": "nominated", "label": "Được đề cử", "count": 1 })
    );
    assert_eq!(app.nobody().get("/api/v1/experts?facets=field,status").await.places(400), ["/facets"]);
}

#[tokio::test]
async fn a_facet_is_counted_without_its_own_filter() {
    let app = TestApp::start().await;
    five(&app).await;
    let nobody = app.nobody();
    let page = nobody
        .get("/api/v1/experts?q=kpa&degree=TS&province=08&facets=degree,field&facets=province,language,residency,academic_rank&count=true&limit=1")
        .await
        .expect(200);
    assert_eq!(page["total"], 1);
    let counts = |facet: &str| -> Vec<(String, i64)> {
        let values = page["facets"][facet]["values"].as_array().unwrap().iter();
        values.map(|v| (format!("{} {}", text(&v["value"]), text(&v["label"])), v["count"].as_i64().unwrap())).collect()
    };
    let told = |pairs: &[(&str, i64)]| -> Vec<(String, i64)> {
        pairs.iter().map(|(text, count)| ((*text).to_owned(), *count)).collect()
    };
    assert_eq!(counts("degree"), told(&[("THS Thạc sĩ", 1), ("TS Tiến sĩ", 1)]));
    assert_eq!(counts("province"), told(&[("01 Hà Nội", 1), ("08 Tuyên Quang", 1)]));
    assert_eq!(counts("field"), told(&[("BKHCN-2008:101 Toán học và thống kê", 1), ("BKHCN-2008:404 Lâm nghiệp", 1)]));
    assert_eq!(counts("language"), told(&[("en Tiếng Anh", 1)]));
    assert_eq!(counts("residency"), told(&[("in_province Trong tỉnh", 1)]));
    assert_eq!(counts("academic_rank"), told(&[("PGS Phó giáo sư", 1)]));
    assert_eq!(page["facets"]["degree"]["more"], false);
}

#[tokio::test]
async fn the_counts_of_facets_are_those_of_their_filters() {
    let app = TestApp::start().await;
    let agency = app.sign_in("agency").await;
    let facets = "field,degree,academic_rank,province,residency,language,organisation";
    for q in ["", "q=nguyen&", "q=lam&field=4&", "q=%22lam%20nghiep%22&"] {
        let page = agency.get(&format!("/api/v1/experts?{q}facets={facets}")).await.expect(200);
        let mut compared = 0;
        for (facet, view) in page["facets"].as_object().unwrap() {
            // the field of the question and that of a facet would be one or the other
            for value in
                view["values"].as_array().unwrap().iter().filter(|_| !(q.contains("field") && facet == "field"))
            {
                let path = format!("/api/v1/experts?{q}{facet}={}&count=true&limit=1", text(&value["value"]));
                let one = agency.get(&path).await.expect(200);
                let by_filter = one["total"].as_i64().unwrap();
                let count = value["count"].as_i64().unwrap();
                let under = facet == "organisation" && by_filter > count;
                assert!(under || by_filter == count, "{path}: {by_filter}, {value}");
                compared += 1;
            }
        }
        assert!(compared > 5, "{q}: {compared}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for (query, pointer, code) in [
        ("degree=XX", "/degree", "unknown_code"),
        ("degree=PGS", "/degree", "unknown_code"),
        ("min_degree=XX", "/min_degree", "unknown_code"),
        ("academic_rank=TS", "/academic_rank", "unknown_code"),
        ("province=Atlantis", "/province", "unknown_province"),
        ("province=", "/province", "unknown_code"),
        ("organisation=NOPE", "/organisation", "unknown_code"),
        ("association=00000000-0000-0000-0000-000000000000", "/association", "unknown_code"),
        ("residency=moon", "/residency", "unknown_value"),
        ("language=english", "/language", "unknown_code"),
        ("status=asleep", "/status", "unknown_value"),
        ("available_on=2026-02-30", "/available_on", "invalid_value"),
        ("available_on=%2B99999-01-01", "/available_on", "invalid_value"),
        ("updated_since=yesterday", "/updated_since", "invalid_value"),
        ("updated_since=%2B99999-01-01", "/updated_since", "invalid_value"),
        ("facets=birth_year", "/facets", "unknown_value"),
        ("count=maybe", "/count", "invalid_value"),
        ("highlight=1", "/highlight", "invalid_value"),
    ] {
        let problem = officer.get(&format!("/api/v1/experts?{query}")).await.problem(400);
        let error = &problem["errors"][0];
        let pointed = text(&error["pointer"]);
        assert!(pointed.starts_with(pointer), "{query}: {problem}");
        assert_eq!(text(&error["code"]), code, "{query}");
        assert!(text(&error["detail"]).len() > 10, "{query}");
    }
    change(&app, "DELETE FROM settings WHERE name = 'home_province'").await;
    for query in ["residency=abroad", "facets=residency"] {
        let problem = officer.get(&format!("/api/v1/experts?{query}")).await.problem(400);
        assert_eq!(problem["errors"][0]["code"], "no_home_province", "{query}");
    }
}
