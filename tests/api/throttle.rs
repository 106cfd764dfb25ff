//! Failed sign-ins are slowed down, and nobody can lock a colleague out with them.

use std::net::IpAddr;

use chrono::{TimeDelta, Utc};
use expert_bank::access::address::TrustedProxies;
use expert_bank::access::device::Device;
use expert_bank::access::throttle::{Limits, Rate};
use expert_bank::demo::PASSWORD;
use expert_bank::kernel::sealed::{KeyRing, Sealer};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::{PASSPHRASE, execute, path_of, reset_token, text};
use crate::support::{Answer, TestApp, fresh_url, state_over};

const WRONG: &str = "not the password";

/// Real limits but for the time they need to forget, so that "for long" can be tested.
fn limits() -> Limits {
    Limits {
        own: Rate { burst: 3, seconds: 60 },
        address: Rate { burst: 12, seconds: 60 },
        account: Rate { burst: 6, seconds: 60 },
        under_attack: Limits::default().under_attack,
    }
}

async fn app() -> TestApp {
    let mut state = state_over(&fresh_url(), true).await;
    state.limits = limits();
    state.proxies = TrustedProxies(vec!["127.0.0.1".parse::<IpAddr>().unwrap()]);
    TestApp::over(state).await
}

async fn send(app: &TestApp, from: &str, path: &str, body: &Value) -> Answer {
    app.nobody().send(Method::POST, path, &[("x-forwarded-for", from)], Some(body)).await
}

async fn login(app: &TestApp, from: &str, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    send(app, from, "/api/v1/auth/login", &body).await
}

async fn fail(app: &TestApp, from: &str, username: &str) -> u16 {
    login(app, from, username, WRONG).await.status.as_u16()
}

/// Signs in from a device that shows its token.
async fn login_on(app: &TestApp, from: &str, username: &str, password: &str, token: &str) -> Answer {
    let body = json!({ "username": username, "password": password, "device_token": token });
    send(app, from, "/api/v1/auth/login", &body).await
}

async fn fail_on(app: &TestApp, from: &str, username: &str, token: &str) -> u16 {
    login_on(app, from, username, WRONG, token).await.status.as_u16()
}

/// The token of a device the account signed in on, at a place nobody uses otherwise.
async fn device(app: &TestApp, username: &str) -> String {
    text(&login(app, "192.0.2.77", username, PASSWORD).await.expect(200), "device_token")
}

fn wait_of(refused: Answer) -> i64 {
    let wait = refused.header("retry-after").parse().unwrap();
    assert_eq!(refused.problem(429)["code"], "too_many_requests");
    wait
}

/// Guesses from many addresses until each of them is refused.
async fn attack(app: &TestApp, username: &str) {
    for attacker in 1..=8 {
        let from = format!("198.51.100.{attacker}");
        while fail(app, &from, username).await == 401 {}
    }
}

/// Guesses from one address until it is refused whatever the account; how often it was not.
async fn fill_address(app: &TestApp, from: &str) -> u32 {
    let mut number = 0;
    while fail(app, from, &format!("nobody-{number}")).await == 401 {
        number += 1;
    }
    number
}

/// Lets time pass for all meters.
async fn pass(app: &TestApp, seconds: i64) {
    let earlier = format!("UPDATE sign_in_meters SET full_at = full_at - interval '{seconds} seconds'");
    execute(app, &earlier).await.unwrap();
}

/// The meters as they lie in the database, with the transaction that wrote or locked each row last.
async fn meters(app: &TestApp) -> String {
    app.sql("SELECT string_agg(concat_ws(' ', subject, full_at, xmin, xmax), ',' ORDER BY subject) FROM sign_in_meters")
        .await
}

#[tokio::test]
async fn an_account_from_one_address_is_refused_after_its_burst_known_or_not() {
    let app = app().await;
    for username in ["agency", "there-is-no-such-account"] {
        for _ in 0..3 {
            assert_eq!(fail(&app, "203.0.113.1", username).await, 401);
        }
        let refused = login(&app, "203.0.113.1", username, PASSWORD).await;
        let wait = wait_of(refused);
        assert!((1..=60).contains(&wait), "{wait}");
    }
}

#[tokio::test]
async fn a_right_password_costs_nothing() {
    let app = app().await;
    for _ in 0..8 {
        login(&app, "203.0.113.1", "agency", PASSWORD).await.expect(200);
    }
    for _ in 0..3 {
        assert_eq!(fail(&app, "203.0.113.1", "agency").await, 401);
    }
    assert_eq!(fail(&app, "203.0.113.1", "agency").await, 429);
}

#[tokio::test]
async fn an_attack_from_many_addresses_has_a_guess_from_each_and_leaves_the_owner_alone() {
    let app = app().await;
    login(&app, "203.0.113.1", "agency", PASSWORD).await.expect(200);
    for username in ["agency", "there-is-no-such-account"] {
        let mut statuses = Vec::new();
        for round in 0..3 {
            for attacker in 1..=8 {
                statuses.push((round, attacker, fail(&app, &format!("198.51.100.{attacker}"), username).await));
            }
        }
        // six attempts fill the account's meter; from then on each address has one more
        for (round, attacker, status) in statuses {
            let let_through = round == 0 || (round == 1 && attacker <= 6);
            assert_eq!(status == 401, let_through, "{username}: round {round}, address {attacker}: {status}");
        }
    }
    login(&app, "203.0.113.1", "agency", PASSWORD).await.expect(200);
    login(&app, "198.51.100.200", "agency_2", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn the_owner_at_a_new_address_gets_in_at_once_while_the_account_is_attacked() {
    let app = app().await;
    attack(&app, "agency").await;
    login(&app, "203.0.113.9", "agency", PASSWORD).await.expect(200);
    attack(&app, "agency").await;
    login(&app, "203.0.113.10", "agency", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_mistake_at_a_new_address_under_attack_costs_five_minutes_whatever_the_attackers_do() {
    let app = app().await;
    attack(&app, "agency").await;
    assert_eq!(fail(&app, "203.0.113.9", "agency").await, 401);
    let wait = wait_of(login(&app, "203.0.113.9", "agency", PASSWORD).await);
    assert!((290..=300).contains(&wait), "{wait}");
    for seconds in [wait / 2, wait - wait / 2 - 5] {
        pass(&app, seconds).await;
        attack(&app, "agency").await;
        assert!(wait_of(login(&app, "203.0.113.9", "agency", PASSWORD).await) <= wait - seconds);
    }
    pass(&app, 5).await;
    attack(&app, "agency").await;
    login(&app, "203.0.113.9", "agency", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_colleague_behind_the_same_address_cannot_lock_out_a_known_device() {
    let app = app().await;
    let token = device(&app, "agency").await;
    while fail(&app, "203.0.113.1", "agency").await == 401 {}
    fill_address(&app, "203.0.113.1").await;
    attack(&app, "agency").await;
    wait_of(login(&app, "203.0.113.1", "agency", PASSWORD).await);
    let fresh = text(&login_on(&app, "203.0.113.1", "agency", PASSWORD, &token).await.expect(200), "device_token");
    for token in [token, fresh] {
        login_on(&app, "203.0.113.1", "Agency ", PASSWORD, &token).await.expect(200);
    }
}

#[tokio::test]
async fn a_known_place_minds_neither_its_address_nor_the_account() {
    let app = app().await;
    login(&app, "203.0.113.1", "agency", PASSWORD).await.expect(200);
    fill_address(&app, "203.0.113.1").await;
    attack(&app, "agency").await;
    wait_of(login(&app, "203.0.113.1", "agency_2", PASSWORD).await);
    login(&app, "203.0.113.1", "agency", PASSWORD).await.expect(200);
    execute(&app, "UPDATE sign_in_places SET last_seen = now() - interval '91 days'").await.unwrap();
    wait_of(login(&app, "203.0.113.1", "agency", PASSWORD).await);
}

#[tokio::test]
async fn failures_at_a_known_place_or_device_are_counted_nowhere_else() {
    let app = app().await;
    let token = device(&app, "agency").await;
    login(&app, "203.0.113.1", "agency", PASSWORD).await.expect(200);
    for _ in 0..3 {
        assert_eq!(fail(&app, "203.0.113.1", "agency").await, 401);
        assert_eq!(fail_on(&app, "203.0.113.1", "agency", &token).await, 401);
    }
    assert_eq!(fail(&app, "203.0.113.1", "agency").await, 429);
    assert_eq!(fail_on(&app, "203.0.113.1", "agency", &token).await, 429);
    assert_eq!(fill_address(&app, "203.0.113.1").await, 12);
    for attacker in 1..=6 {
        assert_eq!(fail(&app, &format!("198.51.100.{attacker}"), "agency").await, 401, "the account's meter is empty");
        assert_eq!(fail(&app, "198.51.100.1", "agency").await == 401, attacker < 3);
    }
}

#[tokio::test]
async fn a_device_token_that_is_not_good_is_as_none() {
    let app = app().await;
    let (of_another, sealer) = (device(&app, "agency_2").await, &app.state.sealer);
    let minted =
        |days| Device::unseen().token(sealer, "agency", Utc::now() - TimeDelta::days(days)).unwrap().into_inner();
    let good = minted(179);
    let cut = good[..good.len() - 1].to_owned();
    let garbage = ["", "ebd_", "rubbish", "ebd_ \u{1f512}"].map(str::to_owned);
    let unknown = login(&app, "203.0.113.9", "there-is-no-such-account", WRONG).await.problem(401);
    for (number, token) in garbage.into_iter().chain([of_another, cut, minted(181)]).enumerate() {
        let from = format!("203.0.113.{}", 10 + number);
        for username in ["agency", "there-is-no-such-account"] {
            let mut problem = login_on(&app, &from, username, WRONG, &token).await.problem(401);
            problem["request_id"] = unknown["request_id"].clone();
            assert_eq!(problem, unknown, "{token}");
        }
        // a good one has a meter of its own when the place has none left
        while fail(&app, &from, "agency").await == 401 {}
        wait_of(login_on(&app, &from, "agency", PASSWORD, &token).await);
        login_on(&app, &from, "agency", PASSWORD, &good).await.expect(200);
        pass(&app, 100_000).await;
    }
    let number = json!({ "username": "agency", "password": PASSWORD, "device_token": 7 });
    assert_eq!(send(&app, "203.0.113.1", "/api/v1/auth/login", &number).await.places(422), ["/device_token"]);
    let null = json!({ "username": "agency", "password": PASSWORD, "device_token": null });
    send(&app, "203.0.113.1", "/api/v1/auth/login", &null).await.expect(200);
}

#[tokio::test]
async fn a_new_sealing_key_leaves_places_and_devices_known() {
    let mut state = state_over(&fresh_url(), true).await;
    (state.limits, state.proxies) = (limits(), TrustedProxies(vec!["127.0.0.1".parse::<IpAddr>().unwrap()]));
    let (old, new) = (KeyRing::generate_text("k1").unwrap(), KeyRing::generate_text("k2").unwrap());
    state.sealer = Sealer::new(KeyRing::parse(&old).unwrap());
    let before = TestApp::over(state.clone()).await;
    let token = device(&before, "agency").await;
    login(&before, "203.0.113.1", "agency", PASSWORD).await.expect(200);
    state.sealer = Sealer::new(KeyRing::parse(&format!("{new},{old}")).unwrap());
    let after = TestApp::over(state).await;
    fill_address(&after, "203.0.113.1").await;
    fill_address(&after, "203.0.113.2").await;
    login(&after, "203.0.113.1", "agency", PASSWORD).await.expect(200);
    login_on(&after, "203.0.113.2", "agency", PASSWORD, &token).await.expect(200);
}

#[tokio::test]
async fn a_device_keeps_its_meter_when_it_gets_a_fresh_token() {
    let app = app().await;
    let old = device(&app, "agency").await;
    assert_eq!(fail_on(&app, "203.0.113.1", "agency", &old).await, 401);
    assert_eq!(fail_on(&app, "203.0.113.2", "agency", &old).await, 401);
    let new = text(&login_on(&app, "203.0.113.3", "agency", PASSWORD, &old).await.expect(200), "device_token");
    assert_ne!(old, new);
    assert_eq!(fail_on(&app, "203.0.113.4", "agency", &new).await, 401);
    for token in [&old, &new] {
        assert_eq!(fail_on(&app, "203.0.113.5", "agency", token).await, 429);
    }
}

#[tokio::test]
async fn many_devices_of_an_account_are_not_many_guesses() {
    let app = app().await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let token = device(&app, "agency").await;
        for _ in 0..2 {
            statuses.push(fail_on(&app, "203.0.113.1", "agency", &token).await);
        }
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 401, 429, 429]);
}

#[tokio::test]
async fn attempts_at_once_do_not_slip_through_on_a_device_or_under_attack() {
    let app = app().await;
    let token = device(&app, "agency").await;
    let let_through = |statuses: Vec<u16>| statuses.iter().filter(|status| **status == 401).count();
    let on_device = join_all((0..20).map(|_| fail_on(&app, "203.0.113.1", "agency", &token))).await;
    assert_eq!(let_through(on_device), 3);
    let addresses: Vec<String> = (1..=20).map(|number| format!("203.0.113.{number}")).collect();
    let strange = join_all(addresses.iter().map(|from| fail(&app, from, "agency"))).await;
    assert_eq!(let_through(strange), 20, "each address has a first attempt");
    // six of them were counted on the account, so they have their one attempt under attack still
    let again = join_all(addresses.iter().cycle().take(60).map(|from| fail(&app, from, "agency"))).await;
    assert_eq!(let_through(again), 6);
}

#[tokio::test]
async fn a_right_password_gives_the_attempt_back_on_every_meter() {
    let app = app().await;
    let in_use = "SELECT count(*) FROM sign_in_meters WHERE full_at > now()";
    let token = device(&app, "agency").await;
    login_on(&app, "203.0.113.1", "agency", PASSWORD, &token).await.expect(200);
    login(&app, "203.0.113.1", "agency", PASSWORD).await.expect(200);
    assert_eq!(app.sql(in_use).await, "0");
    attack(&app, "agency").await;
    let before = app.sql(in_use).await;
    login(&app, "203.0.113.9", "agency", PASSWORD).await.expect(200);
    assert_eq!(app.sql(in_use).await, before);
}

#[tokio::test]
async fn a_password_nobody_looked_at_costs_nothing() {
    let app = app().await;
    let unreadable = "BEGIN; UPDATE accounts SET password_hash = 'unreadable' WHERE username = 'agency';
                      INSERT INTO audit_events (id, actor_kind, action, subject_kind, digest)
                      VALUES (gen_random_uuid(), 'system', 'test.change', 'account', sha256('')); COMMIT";
    execute(&app, unreadable).await.unwrap();
    for _ in 0..5 {
        login(&app, "203.0.113.1", "agency", PASSWORD).await.problem(500);
    }
}

#[tokio::test]
async fn a_refusal_writes_nothing() {
    let app = app().await;
    let token = device(&app, "agency").await;
    while fail_on(&app, "203.0.113.1", "agency", &token).await == 401 {}
    attack(&app, "agency").await;
    while fail(&app, "192.0.2.77", "agency").await == 401 {}
    fill_address(&app, "203.0.113.1").await;
    let before = meters(&app).await;
    wait_of(login_on(&app, "203.0.113.1", "agency", PASSWORD, &token).await);
    wait_of(login(&app, "198.51.100.1", "agency", PASSWORD).await);
    wait_of(login(&app, "192.0.2.77", "agency", PASSWORD).await);
    wait_of(login(&app, "203.0.113.1", "union_officer", PASSWORD).await);
    assert_eq!(meters(&app).await, before);
}

#[tokio::test]
async fn all_addresses_of_one_ipv6_customer_are_one_place() {
    let app = app().await;
    let mut statuses = Vec::new();
    for from in ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::3", "2001:db8:1:2::4", "2001:db8:1:3::1"] {
        statuses.push(fail(&app, from, "agency").await);
    }
    assert_eq!(statuses, [401, 401, 401, 429, 401]);
    login(&app, "2001:db8:5:5::1", "agency_2", PASSWORD).await.expect(200);
    attack(&app, "agency_2").await;
    assert_eq!(fail(&app, "2001:db8:5:5::2", "agency_2").await, 401);
    login(&app, "2001:db8:5:5::3", "agency_2", PASSWORD).await.expect(200);
    for (number, from) in ["192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201", "192.0.2.1"].into_iter().enumerate() {
        assert_eq!(fail(&app, from, "expert").await == 401, number < 3, "{from}");
    }
}

#[tokio::test]
async fn a_redeemed_reset_token_lets_the_owner_in_from_there() {
    let app = app().await;
    let admin = app.sign_in("admin").await;
    let path = path_of(&app, "agency").await;
    fill_address(&app, "203.0.113.1").await;
    attack(&app, "agency").await;
    let redemption = json!({ "token": reset_token(&admin, &path).await, "new_password": PASSPHRASE });
    let redeemed = send(&app, "203.0.113.1", "/api/v1/auth/reset", &redemption).await;
    assert_eq!(redeemed.header("cache-control"), "no-store");
    let token = text(&redeemed.expect(200), "device_token");
    login(&app, "203.0.113.1", "agency", PASSPHRASE).await.expect(200);
    // also when a colleague there guesses on
    while fail(&app, "203.0.113.1", "agency").await == 401 {}
    login_on(&app, "203.0.113.1", "agency", PASSPHRASE, &token).await.expect(200);
}

#[tokio::test]
async fn a_refused_reset_token_makes_nothing_known() {
    let app = app().await;
    let redemption = json!({ "token": format!("ebp_{}", "0".repeat(64)), "new_password": PASSPHRASE });
    send(&app, "203.0.113.1", "/api/v1/auth/reset", &redemption).await.expect(401);
    assert_eq!(app.sql("SELECT count(*) FROM sign_in_places").await, "0");
}

#[tokio::test]
async fn a_stolen_session_is_no_way_to_guess_the_password() {
    let app = app().await;
    let (thief, owner) = (app.sign_in("agency").await, app.sign_in("agency").await);
    let change = |current: &str| json!({ "current_password": current, "new_password": PASSPHRASE });
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(thief.post("/api/v1/me/password", &change(WRONG)).await.status.as_u16());
    }
    assert_eq!(statuses, [422, 422, 422, 429, 429]);
    let wait = wait_of(thief.post("/api/v1/me/password", &change(PASSWORD)).await);
    assert!((1..=60).contains(&wait), "{wait}");
    owner.post("/api/v1/me/password", &change(PASSWORD)).await.expect(204);
    owner.post("/api/v1/me/password", &change(PASSPHRASE)).await.expect(204);
}

#[tokio::test]
async fn an_address_that_tries_many_accounts_is_refused() {
    let app = app().await;
    let mut statuses = Vec::new();
    for number in 0..14 {
        statuses.push(fail(&app, "203.0.113.7", &format!("account-{number}")).await);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 12, "{statuses:?}");
    assert_eq!(statuses[12..], [429, 429]);
    assert_eq!(fail(&app, "203.0.113.8", "account-0").await, 401, "another address is not concerned");
}

#[tokio::test]
async fn attempts_at_once_do_not_slip_through() {
    let app = app().await;
    let all = (0..20).map(|_| fail(&app, "203.0.113.1", "agency"));
    let statuses = join_all(all).await;
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 3, "{statuses:?}");
}

#[tokio::test]
async fn meters_outlive_a_restart_and_hold_over_instances() {
    let one = app().await;
    for _ in 0..3 {
        assert_eq!(fail(&one, "203.0.113.1", "agency").await, 401);
    }
    let two = TestApp::over(one.state.clone()).await;
    assert_eq!(fail(&two, "203.0.113.1", "agency").await, 429);
}

#[tokio::test]
async fn what_a_client_claims_itself_is_not_believed() {
    let app = app().await;
    let mut statuses = Vec::new();
    for number in 0..5 {
        // the proxy appends the true address; what stands before it came from the client
        statuses.push(fail(&app, &format!("10.9.8.{number}, 203.0.113.1"), "agency").await);
    }
    assert_eq!(statuses, [401, 401, 401, 429, 429]);
}

#[test]
fn the_operations_guide_gives_the_rates_that_are_set() {
    let guide = include_str!("../../docs/operations.md");
    let Limits { own, address, account, under_attack } = Limits::default();
    for (who, rate) in [
        ("a device the account signed in on", own),
        ("all such devices of an account together", account),
        ("an account at an address where it signed in", own),
        ("an account at another address", own),
        ("all accounts at an address", address),
        ("an account, over all addresses", account),
        ("the same when that is full", under_attack),
    ] {
        let row = guide.lines().find(|line| line.starts_with(&format!("| {who}"))).unwrap();
        assert!(row.ends_with(&format!("| {} | {} s |", rate.burst, rate.seconds)), "{row}");
    }
}
