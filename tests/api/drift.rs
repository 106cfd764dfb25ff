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

/// Where diesel's own program is at hand (CI names it), `schema.rs` must be what it prints for the migrations.
#[test]
fn schema() {
    let Some(diesel) = std::env::var_os("EXPERT_BANK_DIESEL") else {
        println!("EXPERT_BANK_DIESEL is not set: schema.rs is compared in CI");
        return;
    };
    let root = env!("CARGO_MANIFEST_DIR");
    let output = std::process::Command::new(diesel)
        .args(["print-schema", "--database-url", &crate::support::template_url()])
        .current_dir(root)
        .output()
        .expect("diesel runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    compare("src/db/schema.rs", &String::from_utf8(output.stdout).unwrap());
}
