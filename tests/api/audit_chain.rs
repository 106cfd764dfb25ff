//! The audit log in the database: append-only, never left out, chained by hash.

use expert_bank::audit::chain::{Report, seal, verify};
use reqwest::Method;
use serde_json::json;

use crate::support::TestApp;
use crate::support::people::{at_once, create, execute, request, seal_all};

/// Takes the triggers away, as somebody with all rights might.
async fn tamper(app: &TestApp, sql: &str) {
    let tables = ["audit_events", "audit_details", "audit_chain", "audit_pending"];
    let each = |verb: &str| tables.map(|table| format!("ALTER TABLE {table} {verb} TRIGGER ALL;")).concat();
    execute(app, &format!("{} {sql}; {}", each("DISABLE"), each("ENABLE"))).await.unwrap();
}

async fn report(app: &TestApp) -> Report {
    verify(&app.state.db, &app.state.sealer).await.unwrap()
}

/// A server with some events of its own, all chained.
async fn with_chain() -> TestApp {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    for index in 0..5 {
        let body = json!({ "username": format!("nv-{index}"), "display_name": "A", "role": "auditor" });
        create(&admin, &body).await;
    }
    seal_all(&app).await;
    app
}

#[tokio::test]
async fn the_log_is_append_only_in_the_database() {
    let app = with_chain().await;
    let expert = "INSERT INTO disclosures (id, actor_kind, action, expert_ids)
                  SELECT gen_random_uuid(), 'system', 'test.read', ARRAY[id] FROM experts LIMIT 1";
    execute(&app, expert).await.unwrap();
    let before = app.sql("SELECT md5(string_agg(e::text, '')) FROM audit_events e").await;
    for table in ["audit_events", "audit_chain", "disclosures"] {
        let column = if table == "audit_chain" { "hash = hash" } else { "action = 'x.y'" };
        for sql in [
            format!("UPDATE {table} SET {column}"),
            format!("UPDATE {table} SET {column} WHERE false"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table} CASCADE"),
        ] {
            let error = execute(&app, &sql).await.expect_err(&sql);
            assert!(error.contains(&format!("{table} is append-only")), "{sql}: {error}");
        }
    }
    assert_eq!(app.sql("SELECT md5(string_agg(e::text, '')) FROM audit_events e").await, before);
    assert_eq!(app.sql("SELECT count(*) FROM disclosures").await, "1");
}

#[tokio::test]
async fn a_change_without_an_event_is_refused_at_commit() {
    let app = with_chain().await;
    let admin = app.sign_in("admin").await;
    let client = "INSERT INTO api_clients (id, name, role, organisation_id, secret_hash)
                  SELECT gen_random_uuid(), 'x', 'agency', id, sha256('') FROM organisations LIMIT 1";
    for (table, sql) in [
        ("accounts", "UPDATE accounts SET display_name = 'Lén lút'"),
        (
            "accounts",
            "INSERT INTO accounts (id, username, display_name, role) VALUES (gen_random_uuid(), 'xx', 'x', 'admin')",
        ),
        ("accounts", "DELETE FROM accounts WHERE username = 'nv-1'"),
        ("api_clients", client),
    ] {
        let before = app.sql(&format!("SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM {table} t")).await;
        let refused = app
            .state
            .db
            .transaction(async |tx| {
                use diesel_async::RunQueryDsl;
                assert!(diesel::sql_query(sql).execute(tx).await? > 0, "{sql}");
                Ok(())
            })
            .await;
        refused.expect_err(sql);
        let error = execute(&app, sql).await.expect_err(sql);
        assert!(error.contains(&format!("a change of {table} must be committed with an audit event")), "{error}");
        assert_eq!(app.sql(&format!("SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM {table} t")).await, before);
    }
    // the connections are whole afterwards
    for index in 0..16 {
        let body = json!({ "username": format!("sau-{index}"), "display_name": "A", "role": "auditor" });
        create(&admin, &body).await;
    }
}

#[tokio::test]
async fn a_whole_chain_is_reported_whole() {
    let app = with_chain().await;
    let events: i64 = app.sql("SELECT count(*) FROM audit_events").await.parse().unwrap();
    let first = report(&app).await;
    assert_eq!((first.chained, first.pending, first.erased), (events, 0, 0));
    assert_eq!(first.faults, Vec::<String>::new());
    assert_eq!(first.head, app.sql("SELECT encode(hash, 'hex') FROM audit_chain ORDER BY seq DESC LIMIT 1").await);
    let admin = app.sign_in("admin").await;
    let waiting = report(&app).await;
    assert_eq!((waiting.chained, waiting.pending, waiting.faults.len()), (events, 1, 0));
    assert_eq!(waiting.head, first.head);
    let newest = admin.get("/api/v1/audit-events?limit=2").await.expect(200);
    assert_eq!((newest["items"][0].get("seq"), newest["items"][1]["seq"].as_i64()), (None, Some(events)));
    seal_all(&app).await;
    assert_eq!(seal(&app.state.db).await.unwrap(), 0);
    let last = report(&app).await;
    assert_eq!((last.chained, last.pending, last.faults.len()), (events + 1, 0, 0));
    assert_ne!(last.head, first.head);
}

#[tokio::test]
async fn whatever_is_altered_behind_the_servers_back_is_reported() {
    let app = with_chain().await;
    let tables = ["audit_events", "audit_details", "audit_chain"];
    for table in tables {
        execute(&app, &format!("CREATE TABLE kept_{table} AS TABLE {table}")).await.unwrap();
    }
    let restore: String = format!("TRUNCATE {} CASCADE;", tables.join(", "))
        + &tables.map(|table| format!("INSERT INTO {table} SELECT * FROM kept_{table};")).concat();
    let event = "(SELECT event_id FROM audit_chain WHERE seq = 5)";
    let gone = format!(
        "DELETE FROM audit_details WHERE event_id = {event}; DELETE FROM audit_events WHERE id = {event};
         DELETE FROM audit_chain WHERE seq = 5"
    );
    let slipped_in = "INSERT INTO audit_events (id, actor_kind, action, subject_kind, digest)
                      VALUES (gen_random_uuid(), 'system', 'x.y', 'x', sha256(''))";
    for (sql, fault) in [
        (format!("UPDATE audit_events SET action = 'x.y' WHERE id = {event}"), "altered"),
        (format!("UPDATE audit_events SET at = at + interval '1 microsecond' WHERE id = {event}"), "altered"),
        (format!("UPDATE audit_events SET actor_kind = 'account', actor_id = id WHERE id = {event}"), "altered"),
        (format!("UPDATE audit_events SET subject_id = gen_random_uuid() WHERE id = {event}"), "altered"),
        (format!("UPDATE audit_events SET fields = fields || '{{z}}' WHERE id = {event}"), "altered"),
        (format!("UPDATE audit_events SET digest = sha256('') WHERE id = {event}"), "altered"),
        (format!("UPDATE audit_events SET request_id = gen_random_uuid() WHERE id = {event}"), "altered"),
        (format!("UPDATE audit_details SET sealed = sealed || '\\x00' WHERE event_id = {event}"), "details"),
        (format!("UPDATE audit_details SET salt = substr(sha256(salt), 1, 16) WHERE event_id = {event}"), "details"),
        ("UPDATE audit_chain SET hash = sha256(hash) WHERE seq = 5".into(), "altered"),
        ("DELETE FROM audit_chain WHERE seq = 5".into(), "missing"),
        ("DELETE FROM audit_chain WHERE seq = 1".into(), "missing"),
        (gone, "missing"),
        (
            "DELETE FROM audit_chain WHERE seq = (SELECT max(seq) FROM audit_chain)".into(),
            "neither chained nor waiting",
        ),
        (slipped_in.into(), "neither chained nor waiting"),
    ] {
        tamper(&app, &sql).await;
        let faults = report(&app).await.faults;
        assert!(faults.iter().any(|f| f.contains(fault)), "{sql}: {faults:?}");
        tamper(&app, &restore).await;
        assert_eq!(report(&app).await.faults, Vec::<String>::new(), "restored after {sql}");
    }
}

#[tokio::test]
async fn erasing_the_details_leaves_the_chain_whole() {
    let app = with_chain().await;
    let before = report(&app).await;
    execute(&app, "DELETE FROM audit_details WHERE event_id = (SELECT event_id FROM audit_chain WHERE seq = 3)")
        .await
        .unwrap();
    let one = report(&app).await;
    assert_eq!((one.erased, one.faults.len(), &one.head), (1, 0, &before.head));
    execute(&app, "TRUNCATE audit_details").await.unwrap();
    let all = report(&app).await;
    assert_eq!((all.erased, all.chained, all.head), (before.chained, before.chained, before.head));
    assert_eq!(all.faults, Vec::<String>::new());
}

#[tokio::test]
async fn writes_at_the_same_time_get_numbers_without_gaps() {
    let app = with_chain().await;
    let admin = app.sign_in("admin").await;
    let count: i64 = app.sql("SELECT count(*) FROM audit_events").await.parse().unwrap();
    let requests = (0..30).map(|index| {
        let body = json!({ "username": format!("cung-luc-{index}"), "display_name": "A", "role": "auditor" });
        request(&admin, Method::POST, "/api/v1/accounts", Some(&body))
    });
    let sealing = async {
        for _ in 0..20 {
            // verified while others write and seal: no false alarm
            assert_eq!(report(&app).await.faults, Vec::<String>::new());
            let (one, other) = tokio::join!(seal(&app.state.db), seal(&app.state.db));
            one.unwrap();
            other.unwrap();
        }
    };
    let (statuses, ()) = tokio::join!(at_once(requests.collect()), sealing);
    assert_eq!(statuses, [201; 30]);
    seal_all(&app).await;
    let numbers =
        "SELECT count(*) || ' ' || min(seq) || ' ' || max(seq) || ' ' || count(DISTINCT event_id) FROM audit_chain";
    let all = count + 30;
    assert_eq!(app.sql(numbers).await, format!("{all} 1 {all} {all}"));
    let report = report(&app).await;
    assert_eq!((report.chained, report.pending, report.faults.len()), (all, 0, 0));
}

#[tokio::test]
async fn events_restored_into_another_cluster_are_chained_and_vouch_for_nothing_new() {
    let app = with_chain().await;
    app.sign_in("admin").await;
    // there, transaction numbers begin anew: what was written before lies far ahead of them
    tamper(&app, "UPDATE audit_pending SET xid = xid + 1000000; UPDATE audit_events SET xid = xid + 1000000").await;
    seal_all(&app).await;
    let whole = report(&app).await;
    assert_eq!((whole.pending, whole.faults.len()), (0, 0), "{:?}", whole.faults);
    let reused = "ALTER TABLE audit_events DISABLE TRIGGER ALL;
                  UPDATE audit_events SET xid = pg_current_xact_id()::text::bigint, at = at - interval '1 day';
                  ALTER TABLE audit_events ENABLE TRIGGER ALL;
                  UPDATE accounts SET display_name = 'x' WHERE username = 'agency'";
    let refused = execute(&app, reused).await.unwrap_err();
    assert!(refused.contains("must be committed with an audit event"), "{refused}");
}
