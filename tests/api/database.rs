//! Rules of the schema: what the database itself must hold to, and which index serves what.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Text;
use diesel::{Connection, QueryResult};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use expert_bank::access::actor::Actor;
use expert_bank::access::permit::Scope;
use expert_bank::access::policy::Reach;
use expert_bank::associations::store::{Filter, FittingSql, StandingSql, WholeSql as AssociationSql};
use expert_bank::associations::words::AssociationScope;
use expert_bank::consultations::model::FieldCode;
use expert_bank::consultations::store::{Asked, Condition as Wanted, ListSql, Seen, Sort};
use expert_bank::db::migrations;
use expert_bank::experts::store::{
    Condition, Facet, Filters, Hit, Order, SearchSql, SeekKey, Weighed, WholeSql, changes_sql, stale_sql,
};
use expert_bank::kernel::clock::{now, today};
use expert_bank::kernel::id::new_id;
use expert_bank::kernel::words::terms;

use crate::support::bank::{EVERYBODY, change, try_change};
use crate::support::{TestApp, empty_url, fresh_url};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

#[tokio::test]
async fn every_foreign_key_has_an_index_that_begins_with_its_columns() {
    let app = TestApp::start().await;
    let keys = app.sql("SELECT count(*) FROM pg_constraint WHERE contype = 'f'").await;
    assert!(keys.parse::<u32>().unwrap() >= 20, "{keys} foreign keys");
    let bare = app
        .sql(
            "SELECT string_agg(c.conrelid::regclass || '.' || c.conname, ', ') FROM pg_constraint c
              WHERE c.contype = 'f' AND NOT EXISTS (
                    SELECT 1 FROM pg_index i
                     WHERE i.indrelid = c.conrelid AND i.indpred IS NULL AND i.indisvalid
                       AND (SELECT array_agg(k ORDER BY k) FROM unnest(c.conkey) k) =
                           (SELECT array_agg(k ORDER BY k)
                              FROM unnest((i.indkey::smallint[])[0:cardinality(c.conkey) - 1]) k))",
        )
        .await;
    assert_eq!(bare, "", "foreign keys without an index");
}

/// Tables that hold no domain data: the log itself, tokens and sessions, keys, meters, migrations; what a trigger derives of
/// a table that is audited; pieces of files, whose hash stands with the file; and what a plan of a sync is made of before it is applied.
const NOT_AUDITED: [&str; 29] = [
    "__diesel_schema_migrations",
    "audit_chain",
    "audit_details",
    "audit_events",
    "audit_pending",
    "calendar_years",
    "consultation_chunks",
    "consultation_index",
    "disclosures",
    "expert_changes",
    "expert_duplicates",
    "expert_duplicates_due",
    "expert_search",
    "expert_shown",
    "idempotency_keys",
    "organisation_heirs",
    "panel_rechecks",
    "panel_watch",
    "password_resets",
    "reference_version",
    "refresh_tokens",
    "sealing_keys",
    "search_words",
    "sessions",
    "sign_in_meters",
    "sign_in_places",
    "sync_changes",
    "sync_chunks",
    "sync_work",
];

#[tokio::test]
async fn every_table_of_the_domain_refuses_a_change_without_an_audit_event() {
    use diesel_async::SimpleAsyncConnection;
    let app = TestApp::start().await;
    let without = app
        .sql(
            "SELECT string_agg(c.relname, ',' ORDER BY c.relname) FROM pg_class c
              WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT EXISTS (
                    SELECT 1 FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                     WHERE t.tgrelid = c.oid AND p.proname = 'require_audit_event' AND t.tgdeferrable
                       AND t.tginitdeferred AND t.tgenabled = 'O')",
        )
        .await;
    assert_eq!(without.split(',').collect::<Vec<_>>(), NOT_AUDITED);
    for sql in [
        "UPDATE experts SET status = 'left'",
        "DELETE FROM expert_fields",
        "UPDATE expert_publications SET year = 1900",
        "UPDATE expert_restricted SET sealed = 'x'",
        "UPDATE organisations SET note = 'x'",
        "UPDATE organisation_versions SET name = 'x'",
        "DELETE FROM organisation_names",
        "UPDATE accounts SET role = 'admin' WHERE username = 'auditor'",
        "UPDATE provinces SET name = 'x'",
        "UPDATE associations SET phone = '0'",
        "DELETE FROM association_officers",
        "UPDATE association_terms SET note = 'x'",
        "UPDATE consultations SET title = 'x'",
        "INSERT INTO consultation_series (series, year, last) VALUES ('TV', 2000, 1)",
        "INSERT INTO conflict_checks (id, consultation_id, at, results) SELECT gen_random_uuid(), id, now(), '[]' FROM consultations LIMIT 1",
        "INSERT INTO settings (name, valid_from, value) VALUES ('x', '2026-01-01', '1')",
    ] {
        let mut conn = app.state.db.conn().await.unwrap();
        let said = conn.batch_execute(sql).await.unwrap_err().to_string();
        assert!(said.contains("must be committed with an audit event"), "{sql}: {said}");
        drop(conn);
    }
    try_change(&app, "UPDATE settings SET value = '2' WHERE name = 'demo'").await.unwrap();
}

/// Once an event is there nothing is queued that would look for it: the event must not go away alone.
#[tokio::test]
async fn an_event_that_was_taken_back_covers_no_change() {
    use diesel_async::SimpleAsyncConnection;
    let app = TestApp::start().await;
    let event = "INSERT INTO audit_events SELECT (e).* FROM (
                     SELECT jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid(), 'at', clock_timestamp(),
                            'xid', pg_current_xact_id()::text)) AS e FROM audit_events e LIMIT 1) one";
    let change = "UPDATE organisations SET note = 'x'";
    let state = &app.state;
    let covered = async |sql: String| {
        let mut conn = state.db.conn().await.unwrap();
        conn.batch_execute(&format!("BEGIN; {sql}; COMMIT")).await.map_err(|error| error.to_string())
    };
    covered(format!("{event}; {change}")).await.unwrap();
    covered(format!("{change}; {event}")).await.unwrap();
    for sql in [
        format!("SAVEPOINT s; {event}; ROLLBACK TO s; {change}"),
        format!("SAVEPOINT s; {event}; {change}; ROLLBACK TO s; {change}"),
        format!("{change}; SAVEPOINT s; {event}; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK TO s"),
    ] {
        let said = covered(sql.clone()).await.unwrap_err();
        assert!(said.contains("must be committed with an audit event"), "{sql}: {said}");
    }
}

/// Everything a schema is made of, in words. A column that went away and came back stands last: PostgreSQL has no way to give
/// it its old place, and nothing here asks for columns by their place.
const SCHEMA: &str = "
    SELECT coalesce(string_agg(line, E'\\n' ORDER BY line), '') FROM (
        SELECT concat_ws(' ', 'column', table_name, column_name, data_type, udt_name, is_nullable,
                         column_default, is_identity, collation_name) AS line
          FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid), condeferred)
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT 'function ' || pg_get_functiondef(p.oid) FROM pg_proc p
          WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (
                SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
        UNION ALL SELECT 'sequence ' || sequencename || ' ' || data_type FROM pg_sequences
        UNION ALL SELECT 'extension ' || extname FROM pg_extension) lines";

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    coalesce: String,
}

type Blocking = AsyncConnectionWrapper<AsyncPgConnection>;

fn schema(conn: &mut Blocking) -> String {
    let row: Line = diesel::RunQueryDsl::get_result(diesel::sql_query(SCHEMA), conn).unwrap();
    row.coalesce
}

/// Down to nothing and up again, step by step; the schema before and after each step must be the same.
fn down_and_up(url: &str) -> usize {
    let mut conn = Blocking::establish(url).unwrap();
    let mut schemas = vec![schema(&mut conn)];
    let count = conn.applied_migrations().unwrap().len();
    for _ in 0..count {
        let reverted = conn.revert_last_migration(MIGRATIONS).map(|version| version.to_string());
        let reverted = reverted.unwrap_or_else(|error| panic!("{error}"));
        schemas.push(schema(&mut conn));
        assert_ne!(schemas[schemas.len() - 1], schemas[schemas.len() - 2], "{reverted} takes something away");
    }
    let left = schemas.pop().unwrap();
    assert!(left.lines().all(|line| line.contains("diesel_schema_migrations") || line.contains("plpgsql")), "{left}");
    while let Some(expected) = schemas.pop() {
        let name = conn.run_next_migration(MIGRATIONS).unwrap().to_string();
        let now = schema(&mut conn);
        let missing: Vec<&str> = expected.lines().filter(|line| !now.contains(line)).collect();
        assert!(now == expected, "{name}: before it went down there was {missing:?}");
    }
    count
}

#[tokio::test]
async fn every_migration_goes_down_over_data_and_up_again_to_the_same_schema() {
    let url = fresh_url();
    let count = std::thread::spawn(move || down_and_up(&url)).join().expect("down and up");
    assert!(count >= 6, "{count} migrations");
}

#[tokio::test]
async fn instances_that_start_together_migrate_an_empty_database_once() {
    let url = tokio::task::spawn_blocking(|| empty_url("migrated_together")).await.unwrap();
    let start = || {
        let url = url.clone();
        std::thread::spawn(move || migrations::run(&url).unwrap())
    };
    let runs: Vec<_> = [start(), start(), start()].into_iter().map(|run| run.join().unwrap()).collect();
    let ran: Vec<usize> = runs.iter().map(Vec::len).filter(|count| *count > 0).collect();
    let all = diesel::migration::MigrationSource::<Pg>::migrations(&MIGRATIONS).unwrap().len();
    assert_eq!(ran, [all], "one of them ran all: {runs:?}");
}

/// A statement with `EXPLAIN` before it.
struct Explain<Q>(Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Explain<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("EXPLAIN ");
        self.0.walk_ast(out.reborrow())
    }
}

impl<Q> QueryId for Explain<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Explain<Q> {
    type SqlType = Text;
}

async fn plan<Q: QueryFragment<Pg> + Send>(app: &TestApp, sql: Q) -> String {
    use diesel_async::SimpleAsyncConnection;
    let mut conn = app.state.db.conn().await.unwrap();
    conn.batch_execute("SET enable_seqscan = off").await.unwrap();
    let lines: Vec<String> = Explain(sql).load(&mut conn).await.unwrap();
    conn.batch_execute("RESET enable_seqscan").await.unwrap();
    lines.join("\n")
}

/// Six thousand people with other words, most of them hidden: in a small table the planner has no reason to look for an
/// index, and where everybody is public none to look for the one of the public.
const CROWD: &str = "
    INSERT INTO experts SELECT copy.* FROM experts e, generate_series(1, 100) n,
        LATERAL jsonb_populate_record(e, jsonb_build_object(
            'id', gen_random_uuid(), 'code', e.code || '-' || n,
            'public_profile', n % 10 = 0, 'agency_search', n % 5 = 0)) copy;
    INSERT INTO expert_search (expert_id, words, accents, standing, name_sort, public_profile, agency_search)
    SELECT e.id, to_tsvector('simple', md5(e.code)), '', e.standing, e.name_sort, e.public_profile, e.agency_search
      FROM experts e WHERE e.code LIKE 'CG-%-%';
    ANALYZE experts; ANALYZE expert_search; ANALYZE expert_fields; ANALYZE search_words";

#[tokio::test]
async fn hot_searches_use_their_index() {
    let app = TestApp::start().await;
    change(&app, CROWD).await;
    let public = Scope { reach: Reach::Public, actor: Actor::Anonymous };
    let agencies = Scope { reach: Reach::Agencies, actor: Actor::Anonymous };
    let words = terms("lam nghiệp \"lam sinh\"").unwrap().into_iter();
    let words: Vec<Weighed> = words.map(|term| Weighed { term, weight: 10, similar: Vec::new() }).collect();
    let mut fields = Filters::default();
    fields.add(Some(Facet::Field), Condition::Fields(vec![("BKHCN-2008".to_owned(), vec!["40403".to_owned()])]));
    let list = |scope: &Scope, order| SearchSql::new(scope, order, None, 21);
    for (what, sql, index) in [
        ("words, public", list(&public, Order::Relevance).terms(&words), "expert_search_words"),
        ("words, all", list(&EVERYBODY, Order::Relevance).terms(&words), "expert_search_words"),
        ("a field", list(&agencies, Order::Name).filters(&fields), "expert_fields_code"),
        ("list by name, public", list(&public, Order::Name), "experts_name_public"),
        ("list by name, agencies", list(&agencies, Order::Name), "experts_name_agencies"),
        ("list by name, all", list(&EVERYBODY, Order::Name), "experts_name"),
        ("list by degree, public", list(&public, Order::Degree), "experts_standing_public"),
        ("list by degree, agencies", list(&agencies, Order::Degree), "experts_standing_agencies"),
        ("list by degree, all", list(&EVERYBODY, Order::Degree), "experts_standing"),
        ("latest changes, all", list(&EVERYBODY, Order::UpdatedAt), "experts_updated"),
    ] {
        let plan = plan(&app, sql).await;
        assert!(plan.split([' ', '\n']).any(|word| word == index), "{what} wants {index}:\n{plan}");
    }
    let hit = Hit { id: new_id(), score: 0, standing: 0, name_sort: vec![0x20], updated_at: now(), exact: true };
    let next = SearchSql::new(&public, Order::Name, Some(SeekKey::from(&hit)), 21);
    let plan = plan(&app, next).await;
    assert!(plan.contains("experts_name_public") && plan.contains("Index Cond: (ROW(name_sort, id) > ROW("), "{plan}");
}

#[tokio::test]
async fn a_code_has_six_digits_and_more_where_they_are_needed() {
    let app = TestApp::start().await;
    for (last, code) in [
        (6, "CG-000007"),
        (99_998, "CG-099999"),
        (999_998, "CG-999999"),
        (999_999, "CG-1000000"),
        (1_234_567_889, "CG-1234567890"),
    ] {
        app.sql(&format!("SELECT setval('expert_code_seq', {last})")).await;
        assert_eq!(app.sql("SELECT next_expert_code()").await, code);
    }
}

#[tokio::test]
async fn the_list_of_stale_records_is_read_in_its_order() {
    let app = TestApp::start().await;
    change(&app, CROWD).await;
    for after in [None, Some((today(), new_id()))] {
        let plan = plan(&app, stale_sql(today(), after, 21)).await;
        assert!(plan.contains("Index Scan using experts_confirmed") && !plan.contains("Sort"), "{plan}");
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
}

/// Hidden changes cost nobody who may not know of them anything: not a row of them is read.
#[tokio::test]
async fn the_feed_reads_only_what_it_tells() {
    let app = TestApp::start().await;
    let hidden = "INSERT INTO expert_changes (seq, expert_id, was_known, was_agencies, was_public, is_known, is_agencies, is_public)
                  SELECT 1000000 + n, gen_random_uuid(), true, n % 100 = 0, n % 200 = 0, true, n % 100 = 0, n % 200 = 0
                    FROM generate_series(1, 20000) n; ANALYZE expert_changes";
    change(&app, hidden).await;
    for (reach, indexes) in [
        (Reach::All, vec!["expert_changes_seq_key"]),
        (Reach::Agencies, vec!["expert_changes_agencies"]),
        (Reach::Public, vec!["expert_changes_public"]),
        (Reach::Own, vec!["expert_changes_expert"]),
        (Reach::PublicAndOwn, vec!["expert_changes_public", "expert_changes_expert"]),
    ] {
        let own = (reach != Reach::Public).then(new_id);
        let sql = diesel::sql_query(changes_sql(reach))
            .bind::<diesel::sql_types::BigInt, _>(5_i64)
            .bind::<diesel::sql_types::BigInt, _>(21_i64)
            .bind::<diesel::sql_types::Nullable<diesel::sql_types::Uuid>, _>(own);
        let plan = plan(&app, sql).await;
        // a table that stands twice is called expert_changes_1
        let is_index = |word: &&str| word.starts_with("expert_changes_") && !word.ends_with(char::is_numeric);
        let used: Vec<&str> = plan.split([' ', '\n']).filter(is_index).collect();
        assert_eq!(used, indexes, "{reach:?}:\n{plan}");
    }
}

/// Everything that is shown of an expert comes by an index, however many there are; what is left of the whole are small
/// tables of words.
#[tokio::test]
async fn a_profile_and_a_page_of_cards_scan_no_table() {
    let app = TestApp::start().await;
    change(&app, CROWD).await;
    let public = Scope { reach: Reach::Public, actor: Actor::Anonymous };
    let ids = [new_id(), new_id(), new_id()];
    for (what, sql, condition) in [
        ("by id", WholeSql::of(&public, &new_id().to_string()), "(id = "),
        ("by id, all", WholeSql::of(&EVERYBODY, &new_id().to_string()), "(id = "),
        ("by code", WholeSql::of(&public, "CG-000001"), "(code = "),
        ("cards", WholeSql::cards(&public, &ids), "(id = ANY"),
    ] {
        let plan = plan(&app, sql).await;
        let by_index = plan.lines().any(|line| line.contains("Index Cond: ") && line.contains(condition));
        assert!(by_index, "{what} wants {condition}:\n{plan}");
        let scans: Vec<&str> = plan.lines().filter(|line| line.contains("Seq Scan on ")).collect();
        let big = ["experts", "expert_fields", "expert_publications", "expert_memberships", "science_fields"];
        assert!(!scans.iter().any(|line| big.iter().any(|table| line.contains(table))), "{what}:\n{plan}");
    }
}

/// A thousand associations with ten years of history: in a small table the planner has no reason to look for an index.
const REGISTER: &str = "
    INSERT INTO organisations (id, code, kind, valid_from, source)
    SELECT gen_random_uuid(), 'PLAN-' || n, 'association', '2012-01-01', 'plan' FROM generate_series(1, 1000) n;
    INSERT INTO organisation_versions (id, organisation_id, valid_from, valid_to, name, name_key)
    SELECT gen_random_uuid(), id, make_date(2012 + y, 1, 1), CASE WHEN y < 9 THEN make_date(2013 + y, 1, 1) - 1 END,
           code || ' lan ' || y, lower(code || ' lan ' || y)
      FROM organisations, generate_series(0, 9) y WHERE source = 'plan';
    INSERT INTO association_terms (id, organisation_id, number, valid_from, valid_to)
    SELECT gen_random_uuid(), id, n, make_date(2007 + 5 * n, 1, 1), make_date(2011 + 5 * n, 12, 31)
      FROM organisations, generate_series(1, 3) n WHERE source = 'plan';
    INSERT INTO association_officers (id, organisation_id, full_name, name_key, position, valid_from, valid_to)
    SELECT gen_random_uuid(), id, 'Ai ' || y, 'ai ' || y, 'president', make_date(2012 + y, 1, 1), make_date(2012 + y, 12, 31)
      FROM organisations, generate_series(0, 9) y WHERE source = 'plan';
    ANALYZE organisations; ANALYZE organisation_versions; ANALYZE associations; ANALYZE association_terms;
    ANALYZE association_officers; ANALYZE association_states";

#[tokio::test]
async fn hot_reads_of_associations_use_their_index() {
    let app = TestApp::start().await;
    change(&app, REGISTER).await;
    let day = "2017-11-07".parse().unwrap();
    let one = plan(&app, AssociationSql::of(vec![new_id()])).await;
    assert!(one.contains("Index Scan using associations_pkey"), "{one}");
    let scans: Vec<&str> = one.lines().filter(|line| line.contains("Seq Scan")).collect();
    assert!(scans.is_empty(), "every part of one comes by an index: {scans:?}");
    let few = plan(&app, StandingSql::on(day, Some(vec![new_id(), new_id()]))).await;
    assert!(few.contains("organisations_pkey") && few.contains("organisation_versions_body"), "{few}");
    let page = plan(&app, StandingSql::page(day, Some(("plan-5".to_owned(), new_id())), 21)).await;
    let seek = "Index Cond: (ROW(name_key, organisation_id) > ROW(";
    assert!(page.contains("organisation_versions_name") && page.contains(seek), "{page}");
    let first: Vec<&str> = page.lines().take(2).collect();
    let ordered = first[0].starts_with("Limit") && first[1].contains("Nested Loop");
    assert!(ordered, "a page reads on where the last one ended, without sorting:\n{page}");
    let filter = Filter { scopes: vec![AssociationScope::Province], ..Filter::default() };
    let found = plan(&app, FittingSql::page(day, &filter, Some(("plan-5".to_owned(), new_id())), 21)).await;
    assert!(found.contains(seek) && !found.contains("Sort"), "a filtered page does, too:\n{found}");
    for table in ["association_states", "union_memberships", "association_fields", "association_special_statuses"] {
        assert!(!found.contains(table), "what was not asked for is not worked out:\n{found}");
    }
}

/// Ten thousand requests of a hundred agencies: in a small table the planner has no reason to look for an index.
const REQUESTS: &str = "
    INSERT INTO organisations (id, code, kind, valid_from, source)
    SELECT gen_random_uuid(), 'ASK-' || n, 'agency', '2012-01-01', 'plan' FROM generate_series(1, 100) n;
    INSERT INTO organisation_versions (id, organisation_id, name, name_key)
    SELECT gen_random_uuid(), id, code, lower(code) FROM organisations WHERE source = 'plan';
    INSERT INTO consultations (id, kind, origin, state, asker_id, title, register_number)
    SELECT gen_random_uuid(), 'consultation', 'ordered', CASE WHEN n % 20 = 0 THEN 'accepted' ELSE 'closed' END, o.id,
           'De an ' || n, 'PLAN-' || n
      FROM generate_series(1, 10000) n JOIN organisations o ON o.code = 'ASK-' || (1 + n % 100);
    INSERT INTO consultation_index (consultation_id, step, due_key, search_key)
    SELECT id, CASE WHEN state = 'accepted' THEN 'report' END,
           CASE WHEN state = 'accepted' THEN '2026-01-01'::date + (random() * 300)::integer ELSE '9999-12-31' END, md5(title)
      FROM consultations WHERE register_number LIKE 'PLAN-%';
    INSERT INTO consultation_fields (consultation_id, ordinal, scheme, code)
    SELECT c.id, 0, f.scheme, f.code FROM consultations c CROSS JOIN LATERAL (
           SELECT scheme, code FROM science_fields WHERE length(code) = 5 ORDER BY md5(code || c.title) LIMIT 1) f
     WHERE c.register_number LIKE 'PLAN-%';
    ANALYZE consultations; ANALYZE consultation_index; ANALYZE consultation_fields";

#[tokio::test]
async fn hot_lists_of_consultations_use_their_index() {
    let app = TestApp::start().await;
    change(&app, REQUESTS).await;
    let all = Seen { own: None, panelist: None, drafts: true, today: today() };
    let own = new_id();
    let field = FieldCode { scheme: "BKHCN-2008".to_owned(), code: "40401".to_owned() };
    let next = Some((today(), new_id()));
    for (what, own, wanted, sort, index) in [
        ("the latest", None, None, Sort::Newest(None), "consultations_pkey"),
        ("the latest, next page", None, None, Sort::Newest(Some(new_id())), "consultations_pkey"),
        ("an agency's own", Some(own), None, Sort::Newest(None), "consultations_asker"),
        ("what is due", None, None, Sort::Due(None), "consultation_index_due"),
        ("what is due, next page", None, None, Sort::Due(next), "consultation_index_due"),
        ("late ones", None, Some(Wanted::Overdue(today(), true)), Sort::Due(None), "consultation_index_due"),
        (
            "words",
            None,
            Some(Wanted::Text("'lam':* & 'nghiep':*".to_owned())),
            Sort::Newest(None),
            "consultation_index_words",
        ),
        ("a field", None, Some(Wanted::Fields(vec![field])), Sort::Newest(None), "consultation_fields_code"),
        (
            "a drafter",
            None,
            Some(Wanted::Expert(Some(new_id()), true)),
            Sort::Newest(None),
            "consultation_drafters_expert",
        ),
    ] {
        let own = own.map(|id| vec![id]);
        let asked = Asked { seen: all, own, conditions: wanted.map(|wanted| (None, wanted)).into_iter().collect() };
        let plan = plan(&app, ListSql::new(&asked, sort, 21)).await;
        assert!(plan.split([' ', '\n']).any(|word| word == index), "{what} wants {index}:\n{plan}");
        assert!(!plan.contains("Seq Scan on consultation"), "{what}:\n{plan}");
    }
}
