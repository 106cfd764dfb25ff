//! What is generated and committed must be what the code says. `UPDATE=1 cargo test drift` writes it anew.

use std::path::Path;

fn compare(file: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, now).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == now, "{file} is not what the code says; `make generate` writes it anew");
}

#[test]
fn openapi() {
    compare("openapi/openapi.json", &expert_bank::openapi::json().unwrap());
}

#[test]
fn authorization_matrix() {
    compare("docs/authorization.md", &expert_bank::access::matrix::markdown());
}
