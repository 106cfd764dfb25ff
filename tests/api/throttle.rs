//! Failed sign-ins are slowed down, and nobody can lock a colleague out with them.

use std::net::IpAddr;

use expert_bank::access::address::TrustedProxies;
use expert_bank::access::throttle::{Limits, Rate};
use expert_bank::demo::PASSWORD;
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, TestApp, fresh_url, state_over};

/// Real limits but for the time they need to forget, so that "for long" can be tested.
fn limits() -> Limits {
    Limits {
        pair: Rate { burst: 3, seconds: 60 },
        address: Rate { burst: 12, seconds: 60 },
        account: Rate { burst: 6, seconds: 60 },
    }
}

async fn app() -> TestApp {
    let mut state = state_over(&fresh_url(), true).await;
    state.limits = limits();
    state.proxies = TrustedProxies(vec!["127.0.0.1".parse::<IpAddr>().unwrap()]);
    TestApp::over(state).await
}

async fn login(app: &TestApp, from: &str, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    app.nobody().send(Method::POST, "/api/v1/auth/login", &[("x-forwarded-for", from)], Some(&body)).await
}

async fn fail(app: &TestApp, from: &str, username: &str) -> u16 {
    login(app, from, username, "not the password").await.status.as_u16()
}

#[tokio::test]
async fn an_account_from_one_address_is_refused_after_its_burst_known_or_not() {
    let app = app().await;
    for username in ["agency", "there-is-no-such-account"] {
        for _ in 0..3 {
            assert_eq!(fail(&app, "203.0.113.1", username).await, 401);
        }
        let refused = login(&app, "203.0.113.1", username, PASSWORD).await;
        let wait: i64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(refused.problem(429)["code"], "too_many_requests");
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
async fn an_attack_from_many_addresses_is_refused_but_the_owner_gets_in_where_they_were_before() {
    let app = app().await;
    login(&app, "203.0.113.1", "agency", PASSWORD).await.expect(200);
    let mut statuses = Vec::new();
    for attacker in 1..=8 {
        statuses.push(fail(&app, &format!("198.51.100.{attacker}"), "agency").await);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 401, 429, 429]);
    login(&app, "203.0.113.1", "agency", PASSWORD).await.expect(200);
    login(&app, "198.51.100.200", "agency_2", PASSWORD).await.expect(200);
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
    let statuses = futures_util::future::join_all(all).await;
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
