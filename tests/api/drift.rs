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

#[test]
fn states_of_consultations() {
    compare("docs/consultations.md", &expert_bank::consultations::state::markdown());
}

/// The table of settings in the operations guide, from the command line's own definition.
#[test]
fn settings() {
    use clap::CommandFactory;
    let command = expert_bank::cli::Cli::command();
    let serve = command.find_subcommand("serve").unwrap();
    let mut rows = vec!["| variable | flag | meaning | default |\n|---|---|---|---|".to_owned()];
    for argument in serve.get_arguments().chain(command.get_arguments()) {
        let Some(variable) = argument.get_env().and_then(|name| name.to_str()) else { continue };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let switch = argument.get_action().takes_values();
        let default: Vec<&str> = argument.get_default_values().iter().filter_map(|value| value.to_str()).collect();
        let default = if default.is_empty() || !switch { String::new() } else { format!("`{}` ", default.join(",")) };
        rows.push(format!("| `{variable}` | `--{}` | {help} | {default}|", argument.get_long().unwrap()));
    }
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md")).unwrap();
    let (before, rest) = guide.split_once("<!-- settings -->").expect("the mark");
    let (_, after) = rest.split_once("<!-- /settings -->").expect("the end mark");
    let table = format!("{before}<!-- settings -->\n{}\n<!-- /settings -->{after}", rows.join("\n"));
    compare("docs/operations.md", &table);
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

/// Any string is a valid cursor by its schema, and most are refused: schemathesis must know of each list that takes one.
#[test]
fn judges_know_cursors() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("judges/schemathesis.toml");
    let rules = std::fs::read_to_string(rules).unwrap();
    let may_refuse = |id: &str| {
        let name = format!("\"{id}\"");
        rules.split("[[operations]]").any(|rule| {
            let checks =
                rule.split_once("[operations.checks.positive_data_acceptance]").map_or("", |(_, checks)| checks);
            rule.contains(&name) && checks.lines().take(2).any(|line| line.contains(" 400"))
        })
    };
    let document: serde_json::Value = serde_json::from_str(&expert_bank::openapi::json().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    let takes_cursor = |operation: &&serde_json::Value| {
        operation["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "cursor"))
    };
    let lists = paths.flat_map(|path| path.as_object().unwrap().values()).filter(takes_cursor);
    let lists: Vec<&str> = lists.map(|one| one["operationId"].as_str().unwrap()).collect();
    assert!(lists.contains(&"search_experts"), "{lists:?}");
    let unknown: Vec<&str> = lists.into_iter().filter(|id| !may_refuse(id)).collect();
    assert!(unknown.is_empty(), "name them in judges/schemathesis.toml: {unknown:?}");
}
