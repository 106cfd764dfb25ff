//! Every operation of the OpenAPI document, as every role and as nobody, against the authorization matrix.

use expert_bank::access::actor::Role;
use expert_bank::access::matrix;
use expert_bank::access::policy::Reach;
use expert_bank::openapi::{document, operations};
use reqwest::Method;
use utoipa::openapi::path::Operation;

use crate::support::{Answer, Caller, TestApp, log};

/// The action an operation documents as the scope of its security.
fn documented_action(operation: &Operation) -> String {
    let security = serde_json::to_value(operation.security.as_ref().expect("security")).unwrap();
    let scopes: Vec<String> = security
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|requirement| requirement["session"][0].as_str().map(str::to_owned))
        .collect();
    assert_eq!(scopes.len(), 1, "one action for each operation: {security}");
    scopes.into_iter().next().unwrap()
}

fn documented_open(operation: &Operation) -> bool {
    let security = serde_json::to_value(&operation.security).unwrap();
    security.as_array().unwrap().contains(&serde_json::json!({}))
}

async fn call(caller: &Caller<'_>, method: &str, path: &str, operation: &Operation) -> Answer {
    let path = path.replace("{id}", "00000000-0000-0000-0000-000000000000").replace("{key}", "CG-999999");
    let body = operation.request_body.is_some().then(|| serde_json::json!({}));
    caller.send(Method::from_bytes(method.as_bytes()).unwrap(), &path, &[("if-match", "*")], body.as_ref()).await
}

#[tokio::test]
async fn every_operation_follows_the_matrix_for_every_role() {
    let app = TestApp::start().await;
    let api = document();
    let operations = operations(&api);
    assert!(operations.len() >= 30, "{} operations", operations.len());
    let mut checked = 0;
    for (method, path, operation) in &operations {
        let action = documented_action(operation);
        let rule = matrix::rule(&action).unwrap_or_else(|| panic!("{method} {path}: {action} is not in the matrix"));
        let answer = call(&app.nobody(), method, path, operation).await;
        let open = rule.reach(None) != Reach::No;
        let status = answer.status.as_u16();
        assert_eq!(documented_open(operation), open, "{method} {path}: documented as open to nobody");
        let challenge = answer.header("www-authenticate");
        // an operation may refuse wrong credentials in its body with a 401 of its own, but never as "sign in first"
        assert_eq!(answer.text.contains("\"unauthenticated\""), !open, "{method} {path} as nobody: {status}");
        assert!(open || (status == 401 && challenge == "Bearer"), "{method} {path} as nobody: {status} {challenge}");
        for role in Role::ALL {
            let caller = app.sign_in(role.as_str()).await;
            let answer = call(&caller, method, path, operation).await;
            let (status, allowed) = (answer.status.as_u16(), rule.reach(Some(role)) != Reach::No);
            assert_eq!(status != 403, allowed, "{method} {path} as {}: {status} {}", role.as_str(), answer.text);
            assert!(status < 500, "{method} {path} as {}: {status} {}", role.as_str(), answer.text);
            checked += 1;
        }
        assert_eq!(log::action(method, path).as_deref(), Some(action.as_str()), "{method} {path}: the permit's action");
    }
    assert_eq!(checked, operations.len() * Role::ALL.len());
}

#[test]
fn every_policy_guards_an_operation() {
    let api = document();
    let used: Vec<String> = operations(&api).iter().map(|(_, _, operation)| documented_action(operation)).collect();
    let rules = matrix::rules();
    assert!(!rules.is_empty());
    for rule in &rules {
        assert!(used.iter().any(|action| action == rule.action), "{} guards nothing", rule.action);
        assert_eq!(rules.iter().filter(|other| other.action == rule.action).count(), 1, "{} stands twice", rule.action);
    }
}

#[test]
fn every_operation_is_documented() {
    let api = document();
    let mut ids = std::collections::BTreeSet::new();
    for (method, path, operation) in operations(&api) {
        let place = format!("{method} {path}");
        assert!(operation.summary.as_ref().is_some_and(|text| !text.is_empty()), "{place}: summary");
        assert!(operation.description.as_ref().is_some_and(|text| !text.is_empty()), "{place}: description");
        for parameter in serde_json::to_value(&operation.parameters).unwrap().as_array().into_iter().flatten() {
            assert!(parameter["description"].as_str().is_some_and(|text| !text.is_empty()), "{place}: {parameter}");
        }
        assert_eq!(operation.tags.as_ref().map(Vec::len), Some(1), "{place}: one tag");
        assert!(ids.insert(operation.operation_id.clone().expect("an id")), "{place}: its id stands twice");
        let statuses: Vec<&String> = operation.responses.responses.keys().collect();
        assert!(statuses.iter().any(|s| s.starts_with('2')), "{place}: success");
        assert!(statuses.iter().any(|s| s.starts_with('4')), "{place}: errors");
    }
}
