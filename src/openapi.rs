//! The OpenAPI document: paths and schemas come from the handlers, what is common to all is added here, once.

use actix_web::App;
use utoipa::OpenApi as _;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder, Schema, ServerBuilder};
use utoipa_actix_web::AppExt;

use crate::app::routes;
use crate::http::fallback::methods;
use crate::kernel::problem::ProblemDocument;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Expert bank",
        description = "The expert bank (ngân hàng chuyên gia) of a provincial Union of Science and Technology Associations.\n\n\
            Errors are `application/problem+json` (RFC 9457) in Vietnamese or, with `Accept-Language: en`, in English. Lists \
            page with `limit` and `cursor`. PATCH is a JSON merge patch and, like the state verbs, needs `If-Match` with the \
            `ETag` of your last read. The scope beside an operation's security is its action in the authorization matrix.",
    ),
    components(schemas(ProblemDocument)),
    tags(
        (name = "sign-in", description = "Sign in, stay signed in, sign out"),
        (name = "me", description = "The caller's own account"),
        (name = "experts", description = "The expert bank"),
        (name = "duplicates", description = "Records that may be of one person: pairs, decisions, merges"),
        (name = "nominations", description = "Who is proposed for the bank, and what became of it"),
        (name = "links", description = "One-time links of people without an account: invitations, confirming one's data"),
        (name = "organisations", description = "Agencies, the Union, associations, workplaces, as they are and were"),
        (name = "associations", description = "Member associations: terms, officers, membership, reports, coverage of fields"),
        (name = "consultations", description = "Requests for advice, reviews and assessments: filing, states, clock, attachments"),
        (name = "panels", description = "Panels: conflicts of interest, who sits, proposals, how evenly seats are spread"),
        (name = "opinions", description = "Opinions of the experts of a panel, and the minutes of its meetings"),
        (name = "workplaces", description = "Workplaces written as text, and the organisations they are"),
        (name = "sync", description = "Records of a source: sent, planned, looked at, applied, undone"),
        (name = "reference", description = "Fields, titles, provinces, the calendar of working days"),
        (name = "accounts", description = "Accounts of people"),
        (name = "api-clients", description = "Machines and their tokens"),
        (name = "audit", description = "The audit log"),
        (name = "health", description = "Is the server alive and ready"),
    ),
)]
struct Base;

/// Builds the document.
pub fn document() -> OpenApi {
    let mut api = App::new().into_utoipa_app().openapi(Base::openapi()).configure(routes).split_for_parts().1;
    api.info.license = None;
    api.servers = Some(vec![ServerBuilder::new().url("/").description(Some("This server")).build()]);
    let components = api.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "The `access_token` of `POST /api/v1/auth/login`, or of `POST /api/v1/oauth/token` for machines",
        ))
        .build();
    components.security_schemes.insert("session".to_owned(), RefOr::T(SecurityScheme::Http(bearer)));
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let problem = ResponseBuilder::new()
        .description("What is wrong, where, and what repairs it")
        .content("application/problem+json", problem)
        .build();
    components.responses.insert("Problem".to_owned(), RefOr::T(problem));
    name_rows(components);
    for (path, item) in &mut api.paths.paths {
        if let Some(read) = item.get.as_mut().filter(|_| path.starts_with("/api/v1/experts/{key}")) {
            add_redirect(read);
        }
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        operations.into_iter().flatten().for_each(add_problems);
    }
    api
}

/// The rows of `Page_Field` refer to `Field`, so that generated clients know them by name; utoipa writes them out.
fn name_rows(components: &mut Components) {
    let pages: Vec<String> = components.schemas.keys().filter(|name| name.starts_with("Page_")).cloned().collect();
    for page in pages {
        let Some(row) = page.strip_prefix("Page_").filter(|row| components.schemas.contains_key(*row)) else {
            continue;
        };
        let rows = ArrayBuilder::new().items(Ref::from_schema_name(row)).description(Some("The rows."));
        if let Some(RefOr::T(Schema::Object(schema))) = components.schemas.get_mut(&page) {
            schema.properties.insert("items".to_owned(), rows.into());
        }
    }
}

/// A read of a record that was merged leads to the one that stands.
fn add_redirect(operation: &mut Operation) {
    let location = HeaderBuilder::new().description(Some("The same path of the record that stands")).build();
    let response = ResponseBuilder::new()
        .description("The record was merged into another one that you may see")
        .header("Location", location)
        .build();
    operation.responses.responses.entry("308".to_owned()).or_insert(RefOr::T(response));
}

/// The problems an operation can answer with follow from its shape.
fn add_problems(operation: &mut Operation) {
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let has = |place: ParameterIn| {
        parameters.iter().any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == place))
    };
    let asks = |header: &str| {
        parameters.iter().any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == header))
    };
    let mut statuses = vec!["500", "503"];
    if has(ParameterIn::Query) {
        statuses.push("400");
    }
    if asks("as_of") || asks("on") {
        // a day before the register begins
        statuses.push("422");
    }
    if has(ParameterIn::Path) {
        statuses.push("404");
    }
    if asks("If-Match") {
        statuses.extend(["409", "412", "428"]);
    }
    if asks("Idempotency-Key") {
        statuses.extend(["400", "409", "422"]);
    }
    if operation.request_body.is_some() {
        statuses.extend(["400", "409", "413", "415", "422"]);
    }
    // 401 stands everywhere: also an open operation refuses a token that is no longer good
    statuses.push("401");
    if !is_open(operation) {
        statuses.push("403");
    }
    for status in statuses {
        let response = RefOr::Ref(Ref::from_response_name("Problem"));
        operation.responses.responses.entry(status.to_owned()).or_insert(response);
    }
}

/// True when nobody needs to sign in for it.
fn is_open(operation: &Operation) -> bool {
    let security = operation.security.as_deref().unwrap_or_default();
    security.iter().any(|requirement| *requirement == utoipa::openapi::security::SecurityRequirement::default())
}

/// The document as it is committed under `openapi/`.
///
/// # Errors
/// None in practice: the document is made of strings and numbers.
pub fn json() -> Result<String, serde_json::Error> {
    let mut text = document().to_pretty_json()?;
    text.push('\n');
    Ok(text)
}

/// Every operation: method, path, id and the action it asks for.
pub fn operations(api: &OpenApi) -> Vec<(&'static str, String, Operation)> {
    let mut operations = Vec::new();
    for (path, item) in &api.paths.paths {
        for method in methods(item) {
            let operation = match method {
                "GET" => &item.get,
                "PUT" => &item.put,
                "POST" => &item.post,
                "DELETE" => &item.delete,
                _ => &item.patch,
            };
            operations.extend(operation.clone().map(|operation| (method, path.clone(), operation)));
        }
    }
    operations
}
