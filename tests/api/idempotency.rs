//! A POST that is sent again makes nothing twice: over all operations that take an `Idempotency-Key`.

use expert_bank::openapi::{document, operations};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::bank::change;
use crate::support::{Answer, Caller, TestApp};

/// An operation that takes a key: who calls it, where, with what, and what it makes rows of.
type Example = (&'static str, &'static str, &'static str, Value, &'static str);

/// All of them, in the order of the document.
fn examples() -> Vec<Example> {
    let mut examples = [
        of_accounts(),
        of_records(),
        of_duplicates(),
        of_states(),
        of_the_register(),
        of_associations(),
        of_their_parts(),
        of_their_terms(),
        of_syncs(),
        of_consultations(),
    ]
    .concat();
    examples.sort_by_key(|example| example.0);
    examples
}

/// Accounts.
fn of_accounts() -> Vec<Example> {
    vec![
        ("/api/v1/accounts", "admin", "/api/v1/accounts", account("may-in"), "accounts"),
        ("/api/v1/accounts/{id}/disable", "admin", "/api/v1/accounts/{agency_2}/disable", Value::Null, "audit_events"),
        ("/api/v1/accounts/{id}/enable", "admin", "/api/v1/accounts/{agency}/enable", Value::Null, "audit_events"),
    ]
}

/// Experts, and what is kept of them.
fn of_records() -> Vec<Example> {
    let decision = json!({ "purpose": "listing", "given": false, "channel": "paper", "document": "Đơn số 1" });
    vec![
        ("/api/v1/experts", "union_officer", "/api/v1/experts", json!({ "full_name": "Nguyễn Thử Hai" }), "experts"),
        (
            "/api/v1/experts/nominations",
            "association",
            "/api/v1/experts/nominations",
            json!({ "expert": { "full_name": "Nguyễn Thử Năm" }, "reason": "Có uy tín" }),
            "expert_nominations",
        ),
        (
            "/api/v1/experts/nominations/{id}/accept",
            "union_officer",
            "/api/v1/experts/nominations/{nomination_1}/accept",
            Value::Null,
            "experts",
        ),
        (
            "/api/v1/experts/nominations/{id}/decline",
            "union_officer",
            "/api/v1/experts/nominations/{nomination_2}/decline",
            json!({ "reason": "Ngoài lĩnh vực" }),
            "audit_events",
        ),
        (
            "/api/v1/experts/nominations/{id}/link",
            "union_officer",
            "/api/v1/experts/nominations/{nomination_3}/link",
            json!({ "expert": "CG-000001" }),
            "audit_events",
        ),
        (
            "/api/v1/experts/{key}/availability",
            "union_officer",
            "/api/v1/experts/CG-000018/availability",
            json!({ "kind": "unavailable", "from": "2040-01-01", "to": "2040-01-31" }),
            "expert_availability",
        ),
        (
            "/api/v1/experts/{key}/consents",
            "union_officer",
            "/api/v1/experts/CG-000007/consents",
            decision,
            "expert_consents",
        ),
        (
            "/api/v1/experts/{key}/publications",
            "union_officer",
            "/api/v1/experts/CG-000018/publications",
            json!({ "title": "Một lần và chỉ một lần" }),
            "expert_publications",
        ),
    ]
}

/// Records that may be of one person.
fn of_duplicates() -> Vec<Example> {
    vec![
        (
            "/api/v1/experts/duplicates/decisions",
            "union_officer",
            "/api/v1/experts/duplicates/decisions",
            json!({ "one": "CG-000021", "other": "CG-000022", "decision": "not_the_same" }),
            "expert_distinctions",
        ),
        (
            "/api/v1/experts/{key}/merge",
            "union_officer",
            "/api/v1/experts/CG-000023/merge",
            json!({ "other": "CG-000024" }),
            "expert_merges",
        ),
        // the record that ended is back
        ("/api/v1/merges/{id}/undo", "union_officer", "/api/v1/merges/{merge}/undo", Value::Null, "experts"),
    ]
}

/// Where an expert stands.
fn of_states() -> Vec<Example> {
    vec![
        (
            "/api/v1/experts/{key}/activate",
            "union_officer",
            "/api/v1/experts/CG-000011/activate",
            json!({}),
            "audit_events",
        ),
        (
            "/api/v1/experts/{key}/confirm",
            "union_officer",
            "/api/v1/experts/CG-000012/confirm",
            json!({ "channel": "phone" }),
            "audit_events",
        ),
        (
            "/api/v1/experts/{key}/leave",
            "union_officer",
            "/api/v1/experts/CG-000013/leave",
            json!({ "reason": "Theo đơn" }),
            "audit_events",
        ),
        (
            "/api/v1/experts/{key}/mark-deceased",
            "union_officer",
            "/api/v1/experts/CG-000014/mark-deceased",
            json!({}),
            "audit_events",
        ),
        ("/api/v1/experts/{key}/pause", "union_officer", "/api/v1/experts/CG-000015/pause", json!({}), "audit_events"),
        (
            "/api/v1/experts/{key}/resume",
            "union_officer",
            "/api/v1/experts/CG-000016/resume",
            json!({}),
            "audit_events",
        ),
        (
            "/api/v1/experts/{key}/return",
            "union_officer",
            "/api/v1/experts/CG-000017/return",
            json!({ "reason": "Ghi nhầm" }),
            "audit_events",
        ),
    ]
}

/// Organisations and workplaces.
fn of_the_register() -> Vec<Example> {
    vec![
        (
            "/api/v1/organisations",
            "union_officer",
            "/api/v1/organisations",
            json!({ "kind": "agency", "name": "Sở Một Lần" }),
            "organisations",
        ),
        (
            "/api/v1/organisations/{key}/succeed",
            "union_officer",
            "/api/v1/organisations/SYT-DEMO/succeed",
            json!({ "kind": "split", "effective_on": "2026-01-01", "successors": [{ "name": "Sở Tách Một Lần" }] }),
            "organisation_successions",
        ),
        (
            "/api/v1/organisations/{key}/take-back",
            "union_officer",
            "/api/v1/organisations/SYT-DEMO/take-back",
            json!({ "effective_on": "2026-01-01" }),
            "audit_events",
        ),
        (
            "/api/v1/organisations/{key}/transfer",
            "union_officer",
            "/api/v1/organisations/SNNMT-DEMO/transfer",
            json!({ "province": "08", "effective_on": "2026-01-01" }),
            "organisation_versions",
        ),
        (
            "/api/v1/workplaces/decisions",
            "union_officer",
            "/api/v1/workplaces/decisions",
            json!({ "decisions": [{ "text": "Xưởng Một Lần", "create": { "kind": "institution" } }] }),
            "organisations",
        ),
    ]
}

/// Associations: what becomes of them.
fn of_associations() -> Vec<Example> {
    let officer = "union_officer";
    let suspension = json!({ "until": "2030-01-01", "effective_on": "2026-01-01" });
    let split =
        json!({ "kind": "split", "effective_on": "2026-01-01", "successors": [{ "name": "Hội Tách Một Lần" }] });
    let form = json!({ "name": "Hội Một Lần", "scope": "province", "province": "08" });
    vec![
        ("/api/v1/associations", officer, "/api/v1/associations", form, "associations"),
        ("/api/v1/associations/{key}/activate", officer, "{association_1}/activate", Value::Null, "audit_events"),
        (
            "/api/v1/associations/{key}/begin-dissolution",
            officer,
            "/api/v1/associations/HTV-DEMO/begin-dissolution",
            Value::Null,
            "audit_events",
        ),
        (
            "/api/v1/associations/{key}/dissolve",
            officer,
            "/api/v1/associations/HDNT-DEMO/dissolve",
            Value::Null,
            "association_states",
        ),
        (
            "/api/v1/associations/{key}/resume",
            officer,
            "/api/v1/associations/HKT-DEMO/resume",
            Value::Null,
            "association_states",
        ),
        ("/api/v1/associations/{key}/succeed", officer, "/api/v1/associations/HXD-DEMO/succeed", split, "associations"),
        (
            "/api/v1/associations/{key}/suspend",
            officer,
            "/api/v1/associations/HTH-DEMO/suspend",
            suspension,
            "audit_events",
        ),
        (
            "/api/v1/associations/{key}/special-status",
            officer,
            "/api/v1/associations/HTH-DEMO/special-status",
            json!({ "kind": "special", "effective_on": "2026-01-01" }),
            "association_special_statuses",
        ),
    ]
}

/// Files of a source.
fn of_syncs() -> Vec<Example> {
    let plans = "/api/v1/sync/plans?source=skhcn&mode=delta";
    let file = json!([{ "external_id": "SKH-1", "full_name": "Nguyễn Thử Chín" }]);
    // an upload that could not even be dropped, the machine being busy, is ended by a worker later: no file was taken by it
    vec![("/api/v1/sync/plans", "science_dept", plans, file, "sync_plans WHERE file_hash IS NOT NULL")]
}

/// Consultations: filing, files, and every verb from a state in which it is possible.
fn of_consultations() -> Vec<Example> {
    let form = json!({ "kind": "consultation", "title": "Một lần" });
    let attach = "{consultation draft}/attachments?name=mot-lan.txt";
    let mut all: Vec<Example> = vec![
        ("/api/v1/consultations", "agency", "/api/v1/consultations", form, "consultations"),
        ("/api/v1/consultations/{id}/attachments", "agency", attach, json!("một lần"), "consultation_files"),
    ];
    let (named, reason) = (json!({ "experts": ["CG-000001"] }), json!({ "reason": "Một lần" }));
    let panels = [
        ("coi-check", "union_officer", "{consultation panel_forming}/coi-check", named, "conflict_checks"),
        (
            "conflicts/{key}/declare",
            "union_officer",
            "{consultation panel_forming}/conflicts/CG-000001/declare",
            reason.clone(),
            "conflict_decisions",
        ),
        (
            "conflicts/{key}/recuse",
            "union_officer",
            "{consultation panel_forming}/conflicts/CG-000001/recuse",
            reason.clone(),
            "conflict_decisions",
        ),
        (
            "conflicts/{key}/waive",
            "union_leader",
            "{consultation panel_forming}/conflicts/{recused}/waive",
            json!({ "reason": "Không còn liên quan", "findings": [] }),
            "conflict_decisions",
        ),
        (
            "panel/members/{member}/release",
            "union_officer",
            "{consultation panel_forming}/panel/members/{seat}/release",
            reason,
            "panel_members WHERE state = 'released'",
        ),
    ];
    all.extend(PANEL_OPERATIONS.iter().zip(panels).map(|(operation, (rest, role, path, body, table))| {
        assert!(operation.ends_with(rest), "{operation}");
        (*operation, role, path, body, table)
    }));
    all.extend(of_invitations());
    all.extend(of_opinions());
    all.extend(of_conclusions());
    for (operation, role, path) in CONSULTATION_VERBS {
        let verb = operation.rsplit('/').next().unwrap();
        all.push((operation, role, path, crate::consultations::example(verb), "consultation_moves"));
    }
    all
}

/// Conclusions and replies.
fn of_conclusions() -> Vec<Example> {
    let signature = crate::consultations::conclusion::signature("12/BC-LHH");
    let adopted = json!({ "document": { "number": "78/SNNMT", "date": "2026-03-10" },
        "replies": [{ "recommendation": 3, "outcome": "adopted" }] });
    let conclusions = [
        ("agency", "{consultation responded}{corrected}/adoption", adopted, "recommendation_replies"),
        ("union_officer", "{consultation concluding}/conclusion", Value::Null, "conclusions"),
        (
            "union_officer",
            "{consultation delivered}/conclusion/correct",
            json!({ "reason": "Ghi nhầm" }),
            "conclusions WHERE number = 2",
        ),
        (
            "union_leader",
            "{consultation concluding}{drafted}/conclusion/sign",
            signature,
            "conclusions WHERE signed_at IS NOT NULL",
        ),
    ];
    let all = CONCLUSION_OPERATIONS.iter().zip(conclusions).map(|(operation, (role, path, body, table))| {
        let rest = operation.rsplit('/').next().unwrap();
        assert!(path.ends_with(rest), "{operation}");
        (*operation, role, path, body, table)
    });
    all.collect()
}

/// Answers to invitations.
fn of_invitations() -> Vec<Example> {
    let letter = json!({ "number": "05/LHH", "date": "2026-03-10" });
    vec![
        (
            "/api/v1/consultations/{id}/panel/members/{member}/accept",
            "union_officer",
            "{consultation in_review}/panel/members/{invited seat}/accept",
            json!({ "document": letter }),
            "audit_events WHERE action = 'consultations.accept_invitation'",
        ),
        (
            "/api/v1/consultations/{id}/panel/members/{member}/agree-dates",
            "union_officer",
            "{consultation in_review}/panel/members/{invited seat}/agree-dates",
            json!({ "answer_by": soon(), "reason": "Một lần" }),
            "audit_events WHERE action = 'consultations.agree_dates'",
        ),
        (
            "/api/v1/consultations/{id}/panel/members/{member}/decline",
            "union_officer",
            "{consultation in_review}/panel/members/{invited seat}/decline",
            json!({ "reason": "busy", "document": letter }),
            "panel_members WHERE state = 'declined'",
        ),
    ]
}

fn today() -> String {
    expert_bank::kernel::clock::today().to_string()
}

/// A day that is yet to come.
fn soon() -> String {
    expert_bank::kernel::clock::today().checked_add_days(chrono::Days::new(2)).unwrap().to_string()
}

/// Opinions and meetings.
fn of_opinions() -> Vec<Example> {
    let officer = "union_officer";
    vec![
        (
            "/api/v1/consultations/{id}/meetings",
            officer,
            "{consultation in_review}/meetings",
            json!({ "held_on": today(), "place": "Hội trường" }),
            "panel_meetings",
        ),
        (
            "/api/v1/consultations/{id}/meetings/{meeting}/sign",
            officer,
            "{consultation in_review}/meetings/{meeting}/sign",
            Value::Null,
            "panel_meetings WHERE signed_at IS NOT NULL",
        ),
        (
            "/api/v1/consultations/{id}/panel/members/{member}/opinion/attachments",
            officer,
            "{consultation in_review}/panel/members/{open seat}/opinion/attachments?name=mot-lan.txt",
            json!("một lần"),
            "consultation_files",
        ),
        (
            "/api/v1/consultations/{id}/panel/members/{member}/opinion/reopen",
            officer,
            "{consultation in_review}/panel/members/{seat}/opinion/reopen",
            json!({ "reason": "Một lần" }),
            "opinions WHERE state = 'draft'",
        ),
        (
            "/api/v1/consultations/{id}/panel/members/{member}/opinion/submit",
            officer,
            "{consultation in_review}/panel/members/{open seat}/opinion/submit",
            Value::Null,
            "opinion_revisions",
        ),
    ]
}

/// What is done with a panel and its people.
const PANEL_OPERATIONS: [&str; 5] = [
    "/api/v1/consultations/{id}/coi-check",
    "/api/v1/consultations/{id}/conflicts/{key}/declare",
    "/api/v1/consultations/{id}/conflicts/{key}/recuse",
    "/api/v1/consultations/{id}/conflicts/{key}/waive",
    "/api/v1/consultations/{id}/panel/members/{member}/release",
];

/// What is done with a conclusion.
const CONCLUSION_OPERATIONS: [&str; 4] = [
    "/api/v1/consultations/{id}/adoption",
    "/api/v1/consultations/{id}/conclusion",
    "/api/v1/consultations/{id}/conclusion/correct",
    "/api/v1/consultations/{id}/conclusion/sign",
];

/// The operation of each verb, who may, and where.
const CONSULTATION_VERBS: [(&str, &str, &str); 16] = [
    ("/api/v1/consultations/{id}/accept", "union_leader", "{consultation submitted}/accept"),
    ("/api/v1/consultations/{id}/approve-panel", "union_leader", "{consultation panel_forming}/approve-panel"),
    ("/api/v1/consultations/{id}/cancel", "union_leader", "{consultation accepted}/cancel"),
    ("/api/v1/consultations/{id}/close", "union_officer", "{consultation responded}/close"),
    ("/api/v1/consultations/{id}/conclude", "union_officer", "{consultation in_review}/conclude"),
    ("/api/v1/consultations/{id}/decline", "union_leader", "{consultation submitted}/decline"),
    ("/api/v1/consultations/{id}/deliver", "union_leader", "{consultation concluding}/deliver"),
    ("/api/v1/consultations/{id}/form-panel", "union_officer", "{consultation accepted}/form-panel"),
    ("/api/v1/consultations/{id}/reopen-review", "union_leader", "{consultation concluding}/reopen-review"),
    ("/api/v1/consultations/{id}/request-completion", "union_officer", "{consultation submitted}/request-completion"),
    ("/api/v1/consultations/{id}/reschedule", "union_leader", "{consultation accepted}/reschedule"),
    ("/api/v1/consultations/{id}/respond", "agency", "{consultation delivered}/respond"),
    ("/api/v1/consultations/{id}/resume", "union_officer", "{consultation suspended}/resume"),
    ("/api/v1/consultations/{id}/submit", "agency", "{consultation draft}/submit"),
    ("/api/v1/consultations/{id}/suspend", "union_officer", "{consultation accepted}/suspend"),
    ("/api/v1/consultations/{id}/withdraw", "agency", "{consultation submitted}/withdraw"),
];

/// A consultation in the state a path names, and its file.
async fn consultation_path(app: &TestApp, path: String) -> String {
    use crate::consultations::conclusion::sign_conclusion;
    use crate::consultations::{at, attach_scheme, bring, draft};
    let Some((state, rest)) = path.strip_prefix("{consultation ").and_then(|rest| rest.split_once('}')) else {
        return path;
    };
    let callers = [app.sign_in("agency").await, app.sign_in("union_officer").await, app.sign_in("union_leader").await];
    let made = draft(&callers[0], "consultation", &json!({})).await;
    let file = attach_scheme(&callers[0], &made).await;
    bring(&callers, &made, state).await;
    if state == "concluding" && rest == "/deliver" {
        sign_conclusion(&callers, &made).await;
    }
    let mut rest = conclusion_path(&callers, &made, rest).await;
    if rest.contains("{invited seat}") {
        let ask = "UPDATE panel_members SET state = 'invited', answered_at = NULL, delivered_at = NULL WHERE rank = 0
                      AND consultation_id = ";
        change(app, &format!("{ask}'{}'", made["id"].as_str().unwrap())).await;
    }
    if rest.contains("{recused}") {
        let reason = json!({ "reason": "Có người thân tham gia" });
        let path = at(&made, "/conflicts/CG-000002/recuse");
        callers[1].send(reqwest::Method::POST, &path, &[("if-match", "*")], Some(&reason)).await.expect(200);
        rest = rest.replace("{recused}", "CG-000002");
    }
    if rest.contains("seat}") || rest.contains("{meeting}") {
        let panel = callers[1].get(&at(&made, "/panel")).await.expect(200);
        rest = seat_path(&callers[1], &made, &panel["members"], rest).await;
    }
    at(&made, &rest.replace("{file}", file["id"].as_str().unwrap()))
}

/// The same with the first seat of a panel, whose opinion was opened again and has a file where that is asked for, and with a meeting.
async fn seat_path(officer: &Caller<'_>, made: &Value, members: &Value, mut rest: String) -> String {
    use crate::consultations::{at, opinion_at};
    let seat = &members[0]["id"];
    if rest.contains("{open seat}") {
        let body = json!({ "reason": "Bổ sung" });
        let path = opinion_at(made, seat, "/reopen");
        officer.send(Method::POST, &path, &[("if-match", "*")], Some(&body)).await.expect(200);
    }
    if rest.contains("{opinion file}") {
        let file = officer.post(&opinion_at(made, seat, "/attachments?name=y-kien.txt"), &json!("ý kiến")).await;
        rest = rest.replace("{opinion file}", file.expect(201)["id"].as_str().unwrap());
    }
    if rest.contains("{meeting}") {
        let came = members.as_array().unwrap().iter().map(|one| json!({ "member_id": one["id"], "present": true }));
        let form = json!({ "held_on": today(), "place": "Hội trường", "attendance": came.collect::<Vec<_>>(),
            "minutes": "Nội dung" });
        let meeting = officer.post(&at(made, "/meetings"), &form).await.expect(201);
        rest = rest.replace("{meeting}", meeting["id"].as_str().unwrap());
    }
    let seat = seat.as_str().unwrap();
    rest.replace("{open seat}", seat).replace("{invited seat}", seat).replace("{seat}", seat)
}

/// The conclusion as a path wants it: drafted, or corrected by a version that has one more recommendation.
async fn conclusion_path(callers: &[Caller<'_>; 3], made: &Value, rest: &str) -> String {
    use crate::consultations::conclusion::{on, signature, written};
    let two = json!([{ "number": 1, "text": "Bổ sung phương án vốn" }, { "number": 2, "text": "Lùi một năm" }]);
    if let Some(rest) = rest.strip_prefix("{drafted}") {
        on(&callers[1], Method::POST, made, "", None).await.expect(201);
        on(&callers[1], Method::PUT, made, "", Some(&written(&two))).await.expect(200);
        return rest.to_owned();
    }
    let Some(rest) = rest.strip_prefix("{corrected}") else { return rest.to_owned() };
    let mut three = two;
    three.as_array_mut().unwrap().push(json!({ "text": "Mới" }));
    on(&callers[1], Method::POST, made, "/correct", Some(&json!({ "reason": "Bổ sung" }))).await.expect(201);
    on(&callers[1], Method::PUT, made, "", Some(&written(&three))).await.expect(200);
    on(&callers[2], Method::POST, made, "/sign", Some(&signature("20/BC-LHH"))).await.expect(200);
    rest.to_owned()
}

/// What is said of a request when it is decided, beside what it makes.
const DECIDED: &str = "audit_events WHERE subject_kind = 'change_request'";

/// Associations: what is kept of them.
fn of_their_parts() -> Vec<Example> {
    let (officer, office) = ("union_officer", "association");
    let proposal = json!({ "changes": { "note": "một lần" }, "reason": "Nghị quyết" });
    let charter = json!({ "from": "2026-01-01", "document": { "number": "1/QĐ-UBND" } });
    let member = json!({ "expert": "CG-000018", "from": "2026-01-01" });
    let congress = json!({ "kind": "extraordinary", "held_from": "2026-03-01" });
    vec![
        (
            "/api/v1/associations/{key}/change-requests",
            office,
            "/api/v1/associations/HLN-DEMO/change-requests",
            proposal,
            "change_requests",
        ),
        (
            "/api/v1/associations/{key}/charters",
            officer,
            "/api/v1/associations/HLN-DEMO/charters",
            charter,
            "association_charters",
        ),
        (
            "/api/v1/associations/{key}/congresses",
            officer,
            "/api/v1/associations/HLN-DEMO/congresses",
            congress,
            "association_congresses",
        ),
        (
            "/api/v1/associations/{key}/members",
            officer,
            "/api/v1/associations/HLN-DEMO/members",
            member,
            "expert_memberships",
        ),
        (
            "/api/v1/associations/{key}/members/{id}/leave",
            officer,
            "/api/v1/associations/HLV-DEMO/members/{member}/leave",
            Value::Null,
            "audit_events WHERE subject_kind = 'association'",
        ),
    ]
}

/// Associations: terms, posts, memberships, and what is decided of proposals.
fn of_their_terms() -> Vec<Example> {
    let (officer, office) = ("union_officer", "association");
    let term = json!({ "number": 9, "from": "2040-01-01", "to": "2044-12-31" });
    let deputy = json!({ "full_name": "Nguyễn Thử Bảy", "position": "inspection_member" });
    let admission = json!({ "kind": "collective", "effective_on": "2026-01-01" });
    vec![
        (
            "/api/v1/associations/{key}/officers",
            officer,
            "/api/v1/associations/HLN-DEMO/officers",
            deputy,
            "association_officers",
        ),
        (
            "/api/v1/associations/{key}/reports",
            office,
            "/api/v1/associations/HLN-DEMO/reports",
            json!({ "year": 2020 }),
            "association_reports",
        ),
        ("/api/v1/associations/{key}/terms", officer, "/api/v1/associations/HLN-DEMO/terms", term, "association_terms"),
        (
            "/api/v1/associations/{key}/terms/{id}/extend",
            officer,
            "/api/v1/associations/HYH-DEMO/terms/{term}/extend",
            json!({ "until": "2031-01-31" }),
            "association_extensions",
        ),
        (
            "/api/v1/associations/{key}/union-memberships",
            officer,
            "/api/v1/associations/HLG-DEMO/union-memberships",
            admission,
            "union_memberships",
        ),
        (
            "/api/v1/associations/{key}/union-memberships/{id}/end",
            officer,
            "/api/v1/associations/HYH-DEMO/union-memberships/{membership}/end",
            Value::Null,
            "audit_events",
        ),
        ("/api/v1/change-requests/{id}/accept", officer, "{request_1}/accept", Value::Null, DECIDED),
        (
            "/api/v1/change-requests/{id}/reject",
            officer,
            "{request_2}/reject",
            json!({ "reason": "Chưa đủ căn cứ" }),
            DECIDED,
        ),
    ]
}

fn account(username: &str) -> Value {
    json!({ "username": username, "display_name": "Máy in", "role": "auditor" })
}

async fn post(caller: &Caller<'_>, path: &str, key: &str, body: &Value) -> Answer {
    let body = (!body.is_null()).then_some(body);
    caller.send(Method::POST, path, &[("idempotency-key", key), ("if-match", "*")], body).await
}

async fn path_of(app: &TestApp, path: &str) -> String {
    let mut path = path.to_owned();
    for name in ["agency_2", "agency"] {
        let id = app.sql(&format!("SELECT id FROM accounts WHERE username = '{name}'")).await;
        path = path.replace(&format!("{{{name}}}"), &id);
    }
    for (at, _) in path.clone().match_indices("{nomination_") {
        let name = path[at..].split_inclusive('}').next().unwrap().to_owned();
        let association = app.sign_in("association").await;
        let form = json!({ "expert": { "full_name": "Nguyễn Thử Sáu" }, "reason": "Có uy tín" });
        let made = association.post("/api/v1/experts/nominations", &form).await.expect(202);
        path = path.replace(&name, made["id"].as_str().unwrap());
    }
    for (name, year) in [("{period_1}", 2040), ("{period_2}", 2041)] {
        if path.contains(name) {
            let body = json!({ "kind": "unavailable", "from": format!("{year}-01-01"), "to": format!("{year}-01-31") });
            path = path.replace(name, &made_by_officer(app, "/api/v1/experts/CG-000019/availability", &body).await);
        }
    }
    path = association_path(app, path).await;
    path = consultation_path(app, path).await;
    if path.contains("{merge}") {
        let officer = app.sign_in("union_officer").await;
        let body = json!({ "other": "CG-000026" });
        let at = "/api/v1/experts/CG-000025/merge";
        let made = officer.send(Method::POST, at, &[("if-match", "*")], Some(&body)).await.expect(201);
        path = path.replace("{merge}", made["id"].as_str().unwrap());
    }
    if path.contains("{publication}") {
        let body = json!({ "title": "Một bài để sửa" });
        path =
            path.replace("{publication}", &made_by_officer(app, "/api/v1/experts/CG-000019/publications", &body).await);
    }
    path
}

/// The parts of associations a path names.
async fn association_path(app: &TestApp, mut path: String) -> String {
    let of = |table: &str| {
        format!(
            "SELECT t.id FROM {table} t JOIN organisations o ON o.id = t.organisation_id WHERE o.code = 'HYH-DEMO' LIMIT 1"
        )
    };
    for (name, table) in
        [("{term}", "association_terms"), ("{membership}", "union_memberships"), ("{officer}", "association_officers")]
    {
        if path.contains(name) {
            path = path.replace(name, &app.sql(&of(table)).await);
        }
    }
    for (name, year) in [("{report_1}", 2020), ("{report_2}", 2021)] {
        if path.contains(name) {
            let report = made_by_officer(app, "/api/v1/associations/HYH-DEMO/reports", &json!({ "year": year })).await;
            path = path.replace(name, &report);
        }
    }
    if path.contains("{member}") {
        let body = json!({ "expert": "CG-000020", "from": "2025-09-01" });
        app.sign_in("union_officer").await.post("/api/v1/associations/HLV-DEMO/members", &body).await;
        path = path.replace("{member}", &app.sql("SELECT id FROM experts WHERE code = 'CG-000020'").await);
    }
    if let Some(rest) = path.strip_prefix("{association_1}") {
        let form = json!({ "name": "Hội Sắp Lập", "scope": "province", "province": "08", "valid_from": "2026-01-01",
            "main_field": "401" });
        let id = made_by_officer(app, "/api/v1/associations", &form).await;
        path = format!("/api/v1/associations/{id}{rest}");
    }
    for name in ["{request_1}", "{request_2}"] {
        if let Some(rest) = path.clone().strip_prefix(name) {
            let form = json!({ "changes": { "note": name }, "reason": "Nghị quyết" });
            let association = app.sign_in("association").await;
            let made = association.post("/api/v1/associations/HLN-DEMO/change-requests", &form).await.expect(201);
            path = format!("/api/v1/change-requests/{}{rest}", made["id"].as_str().unwrap());
        }
    }
    path
}

async fn made_by_officer(app: &TestApp, path: &str, body: &Value) -> String {
    let made = app.sign_in("union_officer").await.post(path, body).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// Brings people into the states the verbs of the examples begin with.
async fn set_the_scene(app: &TestApp) {
    for (code, status) in [("CG-000011", "consented"), ("CG-000016", "paused"), ("CG-000017", "left")] {
        crate::support::bank::change(app, &format!("UPDATE experts SET status = '{status}' WHERE code = '{code}'"))
            .await;
    }
    for (code, state) in [("HKT-DEMO", "suspended"), ("HDNT-DEMO", "dissolving")] {
        let state = format!(
            "INSERT INTO association_states (id, organisation_id, state, valid_from)
             SELECT gen_random_uuid(), id, '{state}', '2026-01-01' FROM organisations WHERE code = '{code}'"
        );
        crate::support::bank::change(app, &state).await;
    }
}

#[tokio::test]
async fn fifty_identical_requests_make_one_row_in_every_operation_that_takes_a_key() {
    let app = TestApp::start().await;
    set_the_scene(&app).await;
    let documented: Vec<String> = operations(&document())
        .into_iter()
        .filter(|(_, _, operation)| serde_json::to_string(operation).unwrap().contains("Idempotency-Key"))
        .map(|(_, path, _)| path)
        .collect();
    let examples = examples();
    let covered: Vec<&str> = examples.iter().map(|example| example.0).collect();
    assert_eq!(documented, covered, "an operation that takes a key has no example here");
    for (operation, role, path, body, table) in examples {
        let caller = app.sign_in(role).await;
        let path = path_of(&app, path).await;
        let query = format!("SELECT count(*) FROM {table}");
        let count = || app.sql(&query);
        let before: i64 = count().await.parse().unwrap();
        let all = (0..50).map(|_| post(&caller, &path, "the-same-key", &body));
        let answers = futures_util::future::join_all(all).await;
        let first = answers.iter().find(|answer| answer.status.is_success()).expect("one succeeds");
        for answer in &answers {
            let status = answer.status.as_u16();
            let again = answer.status == first.status && answer.text == first.text;
            assert!(again || [409, 503].contains(&status), "{operation}: {status} {}", answer.text);
        }
        let made = count().await.parse::<i64>().unwrap() - before;
        // enabling what is enabled changes nothing, and so leaves no event
        assert_eq!(made, i64::from(!operation.ends_with("enable")), "{operation}");
        let later = post(&caller, &path, "the-same-key", &body).await;
        assert_eq!((later.status, &later.text), (first.status, &first.text), "{operation} again, later");
        assert_eq!(count().await.parse::<i64>().unwrap() - before, made, "{operation} again, later");
    }
}

#[tokio::test]
async fn a_key_stands_for_one_caller_one_route_and_one_body() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let path = "/api/v1/accounts";
    let first = post(&admin, path, "k", &account("mot")).await.expect(201);
    let other_body = post(&admin, path, "k", &account("hai")).await.problem(422);
    assert_eq!(other_body["code"], "idempotency_mismatch");
    post(&admin, path, "k2", &account("mot")).await.expect(409);
    // the key of a request that failed is free again
    post(&admin, path, "k2", &account("ba")).await.expect(201);
    let officer = app.sign_in("union_officer").await;
    let leader = app.sign_in("union_leader").await;
    let person = json!({ "full_name": "Nguyễn Thử Ba" });
    let one = post(&officer, "/api/v1/experts", "k", &person).await.expect(201);
    let two = post(&leader, "/api/v1/experts", "k", &person).await.expect(201);
    assert_ne!(one["id"], two["id"], "another caller's key is another key");
    assert_ne!(first["id"], one["id"]);
    for key in ["", &"x".repeat(256), "é"] {
        assert_eq!(post(&admin, path, key, &account("bon")).await.problem(400)["code"], "bad_request");
    }
}

#[tokio::test]
async fn a_replay_shows_what_is_there_now_and_only_to_who_may_see_it() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let made = post(&admin, "/api/v1/accounts", "k", &account("doi-ten")).await.expect(201);
    let path = format!("/api/v1/accounts/{}", made["id"].as_str().unwrap());
    admin.patch(&path, "*", &json!({ "display_name": "Tên mới" })).await.expect(200);
    let again = post(&admin, "/api/v1/accounts", "k", &account("doi-ten")).await.expect(201);
    assert_eq!(again["display_name"], "Tên mới");
    let old = "UPDATE idempotency_keys SET created_at = now() - interval '25 hours'";
    diesel_async::RunQueryDsl::execute(diesel::sql_query(old), &mut app.state.db.conn().await.unwrap()).await.unwrap();
    post(&admin, "/api/v1/accounts", "k", &account("doi-ten")).await.expect(409);
    let forgotten = expert_bank::access::replay::forget_old(&app.state.db).await.unwrap();
    assert_eq!(forgotten, 1, "the old key goes at the clean-up: the failed request gave it back");
}

/// For each operation that wants `If-Match`: who calls it, and where.
const VERSIONED: [(&str, &str, &str, &str); 79] = [
    ("PATCH", "/api/v1/accounts/{id}", "admin", "/api/v1/accounts/{agency}"),
    ("POST", "/api/v1/accounts/{id}/disable", "admin", "/api/v1/accounts/{agency}/disable"),
    ("POST", "/api/v1/accounts/{id}/enable", "admin", "/api/v1/accounts/{agency}/enable"),
    ("PATCH", "/api/v1/associations/{key}", "union_officer", "/api/v1/associations/HLN-DEMO"),
    ("POST", "/api/v1/associations/{key}/activate", "union_officer", "/api/v1/associations/HLN-DEMO/activate"),
    (
        "POST",
        "/api/v1/associations/{key}/begin-dissolution",
        "union_officer",
        "/api/v1/associations/HLN-DEMO/begin-dissolution",
    ),
    ("POST", "/api/v1/associations/{key}/dissolve", "union_officer", "/api/v1/associations/HLN-DEMO/dissolve"),
    ("PUT", "/api/v1/associations/{key}/member-counts", "union_officer", "/api/v1/associations/HLN-DEMO/member-counts"),
    (
        "POST",
        "/api/v1/associations/{key}/members/{id}/leave",
        "union_officer",
        "/api/v1/associations/HLV-DEMO/members/{member}/leave",
    ),
    (
        "DELETE",
        "/api/v1/associations/{key}/officers/{id}",
        "union_officer",
        "/api/v1/associations/HYH-DEMO/officers/{officer}",
    ),
    (
        "PATCH",
        "/api/v1/associations/{key}/officers/{id}",
        "union_officer",
        "/api/v1/associations/HYH-DEMO/officers/{officer}",
    ),
    (
        "DELETE",
        "/api/v1/associations/{key}/reports/{id}",
        "union_officer",
        "/api/v1/associations/HYH-DEMO/reports/{report_1}",
    ),
    (
        "PATCH",
        "/api/v1/associations/{key}/reports/{id}",
        "union_officer",
        "/api/v1/associations/HYH-DEMO/reports/{report_2}",
    ),
    ("POST", "/api/v1/associations/{key}/resume", "union_officer", "/api/v1/associations/HLN-DEMO/resume"),
    (
        "POST",
        "/api/v1/associations/{key}/special-status",
        "union_officer",
        "/api/v1/associations/HLN-DEMO/special-status",
    ),
    ("POST", "/api/v1/associations/{key}/succeed", "union_officer", "/api/v1/associations/HLN-DEMO/succeed"),
    ("POST", "/api/v1/associations/{key}/suspend", "union_officer", "/api/v1/associations/HLN-DEMO/suspend"),
    ("PATCH", "/api/v1/associations/{key}/terms/{id}", "union_officer", "/api/v1/associations/HYH-DEMO/terms/{term}"),
    (
        "POST",
        "/api/v1/associations/{key}/terms/{id}/extend",
        "union_officer",
        "/api/v1/associations/HYH-DEMO/terms/{term}/extend",
    ),
    (
        "POST",
        "/api/v1/associations/{key}/union-memberships/{id}/end",
        "union_officer",
        "/api/v1/associations/HYH-DEMO/union-memberships/{membership}/end",
    ),
    ("PUT", "/api/v1/calendar/{year}", "admin", "/api/v1/calendar/2031"),
    ("POST", "/api/v1/change-requests/{id}/accept", "union_officer", "{request_1}/accept"),
    ("POST", "/api/v1/change-requests/{id}/reject", "union_officer", "{request_2}/reject"),
    ("PATCH", "/api/v1/consultations/{id}", "agency", "{consultation draft}"),
    ("POST", "/api/v1/consultations/{id}/accept", "union_leader", "{consultation submitted}/accept"),
    ("POST", "/api/v1/consultations/{id}/approve-panel", "union_leader", "{consultation panel_forming}/approve-panel"),
    ("DELETE", "/api/v1/consultations/{id}/attachments/{file}", "agency", "{consultation draft}/attachments/{file}"),
    ("POST", "/api/v1/consultations/{id}/cancel", "union_leader", "{consultation accepted}/cancel"),
    ("POST", "/api/v1/consultations/{id}/close", "union_officer", "{consultation responded}/close"),
    ("POST", "/api/v1/consultations/{id}/conclude", "union_officer", "{consultation in_review}/conclude"),
    ("PUT", "/api/v1/consultations/{id}/conclusion", "union_officer", "{consultation concluding}{drafted}/conclusion"),
    (
        "DELETE",
        "/api/v1/consultations/{id}/conclusion",
        "union_officer",
        "{consultation concluding}{drafted}/conclusion",
    ),
    (
        "POST",
        "/api/v1/consultations/{id}/conclusion/correct",
        "union_officer",
        "{consultation delivered}/conclusion/correct",
    ),
    (
        "POST",
        "/api/v1/consultations/{id}/conclusion/sign",
        "union_leader",
        "{consultation concluding}{drafted}/conclusion/sign",
    ),
    (
        "POST",
        "/api/v1/consultations/{id}/conflicts/{key}/recuse",
        "union_officer",
        "{consultation panel_forming}/conflicts/CG-000001/recuse",
    ),
    (
        "POST",
        "/api/v1/consultations/{id}/conflicts/{key}/waive",
        "union_leader",
        "{consultation panel_forming}/conflicts/{recused}/waive",
    ),
    ("POST", "/api/v1/consultations/{id}/decline", "union_leader", "{consultation submitted}/decline"),
    ("POST", "/api/v1/consultations/{id}/deliver", "union_leader", "{consultation concluding}/deliver"),
    (
        "PUT",
        "/api/v1/consultations/{id}/evaluations/{member}",
        "union_officer",
        "{consultation concluding}/evaluations/{seat}",
    ),
    ("POST", "/api/v1/consultations/{id}/form-panel", "union_officer", "{consultation accepted}/form-panel"),
    (
        "PUT",
        "/api/v1/consultations/{id}/meetings/{meeting}",
        "union_officer",
        "{consultation in_review}/meetings/{meeting}",
    ),
    (
        "POST",
        "/api/v1/consultations/{id}/meetings/{meeting}/sign",
        "union_officer",
        "{consultation in_review}/meetings/{meeting}/sign",
    ),
    ("PUT", "/api/v1/consultations/{id}/panel", "union_officer", "{consultation panel_forming}/panel"),
    (
        "POST",
        "/api/v1/consultations/{id}/panel/members/{member}/agree-dates",
        "union_officer",
        "{consultation in_review}/panel/members/{invited seat}/agree-dates",
    ),
    (
        "PUT",
        "/api/v1/consultations/{id}/panel/members/{member}/opinion",
        "union_officer",
        "{consultation in_review}/panel/members/{open seat}/opinion",
    ),
    (
        "DELETE",
        "/api/v1/consultations/{id}/panel/members/{member}/opinion/attachments/{file}",
        "union_officer",
        "{consultation in_review}/panel/members/{open seat}/opinion/attachments/{opinion file}",
    ),
    (
        "POST",
        "/api/v1/consultations/{id}/panel/members/{member}/opinion/reopen",
        "union_officer",
        "{consultation in_review}/panel/members/{seat}/opinion/reopen",
    ),
    (
        "POST",
        "/api/v1/consultations/{id}/panel/members/{member}/opinion/submit",
        "union_officer",
        "{consultation in_review}/panel/members/{open seat}/opinion/submit",
    ),
    (
        "POST",
        "/api/v1/consultations/{id}/panel/members/{member}/release",
        "union_officer",
        "{consultation panel_forming}/panel/members/{seat}/release",
    ),
    ("POST", "/api/v1/consultations/{id}/reopen-review", "union_leader", "{consultation concluding}/reopen-review"),
    (
        "POST",
        "/api/v1/consultations/{id}/request-completion",
        "union_officer",
        "{consultation submitted}/request-completion",
    ),
    ("POST", "/api/v1/consultations/{id}/reschedule", "union_leader", "{consultation accepted}/reschedule"),
    ("POST", "/api/v1/consultations/{id}/respond", "agency", "{consultation delivered}/respond"),
    ("POST", "/api/v1/consultations/{id}/resume", "union_officer", "{consultation suspended}/resume"),
    ("POST", "/api/v1/consultations/{id}/submit", "agency", "{consultation draft}/submit"),
    ("POST", "/api/v1/consultations/{id}/suspend", "union_officer", "{consultation accepted}/suspend"),
    ("POST", "/api/v1/consultations/{id}/withdraw", "agency", "{consultation submitted}/withdraw"),
    (
        "POST",
        "/api/v1/experts/nominations/{id}/accept",
        "union_officer",
        "/api/v1/experts/nominations/{nomination_1}/accept",
    ),
    (
        "POST",
        "/api/v1/experts/nominations/{id}/decline",
        "union_officer",
        "/api/v1/experts/nominations/{nomination_1}/decline",
    ),
    (
        "POST",
        "/api/v1/experts/nominations/{id}/link",
        "union_officer",
        "/api/v1/experts/nominations/{nomination_1}/link",
    ),
    ("PATCH", "/api/v1/experts/{key}", "union_officer", "/api/v1/experts/CG-000001"),
    ("POST", "/api/v1/experts/{key}/activate", "union_officer", "/api/v1/experts/CG-000001/activate"),
    (
        "DELETE",
        "/api/v1/experts/{key}/availability/{id}",
        "union_officer",
        "/api/v1/experts/CG-000019/availability/{period_1}",
    ),
    (
        "PATCH",
        "/api/v1/experts/{key}/availability/{id}",
        "union_officer",
        "/api/v1/experts/CG-000019/availability/{period_2}",
    ),
    ("POST", "/api/v1/experts/{key}/confirm", "union_officer", "/api/v1/experts/CG-000001/confirm"),
    ("POST", "/api/v1/experts/{key}/invite", "union_officer", "/api/v1/experts/CG-000001/invite"),
    ("POST", "/api/v1/experts/{key}/leave", "union_officer", "/api/v1/experts/CG-000001/leave"),
    ("POST", "/api/v1/experts/{key}/mark-deceased", "union_officer", "/api/v1/experts/CG-000001/mark-deceased"),
    ("POST", "/api/v1/experts/{key}/merge", "union_officer", "/api/v1/experts/CG-000023/merge"),
    ("POST", "/api/v1/experts/{key}/pause", "union_officer", "/api/v1/experts/CG-000001/pause"),
    ("PUT", "/api/v1/experts/{key}/publications", "union_officer", "/api/v1/experts/CG-000001/publications"),
    (
        "DELETE",
        "/api/v1/experts/{key}/publications/{id}",
        "union_officer",
        "/api/v1/experts/CG-000019/publications/{publication}",
    ),
    (
        "PATCH",
        "/api/v1/experts/{key}/publications/{id}",
        "union_officer",
        "/api/v1/experts/CG-000019/publications/{publication}",
    ),
    ("POST", "/api/v1/experts/{key}/resume", "union_officer", "/api/v1/experts/CG-000001/resume"),
    ("POST", "/api/v1/experts/{key}/return", "union_officer", "/api/v1/experts/CG-000001/return"),
    ("PATCH", "/api/v1/organisations/{key}", "union_officer", "/api/v1/organisations/SYT-DEMO"),
    ("POST", "/api/v1/organisations/{key}/succeed", "union_officer", "/api/v1/organisations/SYT-DEMO/succeed"),
    ("POST", "/api/v1/organisations/{key}/take-back", "union_officer", "/api/v1/organisations/SYT-DEMO/take-back"),
    ("POST", "/api/v1/organisations/{key}/transfer", "union_officer", "/api/v1/organisations/SYT-DEMO/transfer"),
];

#[tokio::test]
async fn every_change_of_a_versioned_resource_wants_its_version() {
    let app = TestApp::start().await;
    let documented: Vec<(&str, String)> = operations(&document())
        .into_iter()
        .filter(|(method, _, operation)| {
            *method == "PATCH" || serde_json::to_string(operation).unwrap().contains("\"If-Match\"")
        })
        .map(|(method, path, _)| (method, path))
        .collect();
    let covered: Vec<(&str, String)> =
        VERSIONED.iter().map(|(method, path, ..)| (*method, (*path).to_owned())).collect();
    assert_eq!(documented, covered, "an operation that wants If-Match has no example here");
    for (method, operation, role, path) in VERSIONED {
        let caller = app.sign_in(role).await;
        let path = path_of(&app, path).await;
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        // the form is looked at before the version: it must be sound for the version to be missed
        let example = examples().into_iter().find(|(of, ..)| *of == operation).map(|(.., body, _)| body);
        let body = match method.as_str() {
            "PATCH" => Some(json!({})),
            "PUT" if operation.ends_with("member-counts") => Some(json!({ "year": 2025, "counts": [] })),
            "PUT" if operation.starts_with("/api/v1/calendar") => Some(json!({ "days": [] })),
            "PUT" if operation.ends_with("/conclusion") => Some(json!({})),
            "PUT" if operation.contains("/evaluations/") => Some(json!({ "quality": 5, "timeliness": 5 })),
            "DELETE" => None,
            "PUT" if operation.ends_with("/panel") => Some(json!({ "members": [] })),
            "PUT" if operation.ends_with("/opinion") => Some(json!({})),
            "PUT" if operation.ends_with("/meetings/{meeting}") => {
                Some(json!({ "held_on": today(), "place": "Hội trường" }))
            }
            "PUT" => Some(json!({ "publications": [] })),
            _ => example.filter(|body| !body.is_null()),
        };
        let without = caller.send(method.clone(), &path, &[], body.as_ref()).await.problem(428);
        assert_eq!(without["code"], "precondition_required", "{operation}");
        let stale = caller.send(method, &path, &[("if-match", "\"99-0000\"")], body.as_ref()).await.problem(412);
        assert_eq!(stale["code"], "precondition_failed", "{operation}");
    }
}
