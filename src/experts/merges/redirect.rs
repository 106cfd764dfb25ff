//! Reads of a record that was merged lead to the one that stands, for who may see that.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, web};
use serde_json::json;
use uuid::Uuid;

use crate::access::identify::Caller;
use crate::access::permit::Scope;
use crate::access::policy::Policy;
use crate::db::Reader;
use crate::experts::policy::ReadExpert;
use crate::experts::store;
use crate::kernel::problem::Answer;
use crate::state::State;

/// The routes of one expert.
const ROUTES: &str = "/api/v1/experts/{key}";

/// Middleware for [`actix_web::middleware::from_fn`]: where a read of one expert finds nobody, and that record was merged into
/// one the caller may know of, the answer is 308 with the same path of that one. In one place, so that no read forgets it.
///
/// # Errors
/// Those of what comes after it.
pub async fn redirect(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let response = next.call(req).await?;
    if response.status() != StatusCode::NOT_FOUND || response.request().method() != Method::GET {
        return Ok(response.map_into_left_body());
    }
    let request = response.request();
    let is_of_expert = request.match_pattern().is_some_and(|pattern| pattern.starts_with(ROUTES));
    let Some(key) = request.match_info().get("key").filter(|key| is_of_expert && !key.contains('\0')) else {
        return Ok(response.map_into_left_body());
    };
    match stands_for(request, key).await {
        Ok(Some(id)) => {
            let answer = HttpResponse::PermanentRedirect()
                .insert_header((header::LOCATION, location(request, id)))
                .insert_header((header::CACHE_CONTROL, "private, no-cache"))
                .insert_header((header::VARY, "Authorization, Accept-Language"))
                .json(json!({ "merged_into": id }));
            Ok(response.into_response(answer).map_into_right_body())
        }
        // nobody, or nobody the caller may know of
        Ok(None) => Ok(response.map_into_left_body()),
        Err(problem) => {
            // not `into_response`, which forgets the error that the envelope is to render
            let (request, _) = response.into_parts();
            Ok(ServiceResponse::new(request, HttpResponse::from_error(problem)).map_into_right_body())
        }
    }
}

async fn stands_for(request: &HttpRequest, key: &str) -> Answer<Option<Uuid>> {
    let caller = request.extensions().get::<Caller>().cloned();
    let (Some(Caller(actor)), Some(state)) = (caller, request.app_data::<web::Data<State>>()) else { return Ok(None) };
    let actor = actor?;
    let scope = Scope { reach: ReadExpert::RULE.reach_of(&actor), actor };
    state.db.quick("experts.merged_into", async |conn: &Reader| store::merged_into(conn, &scope, key).await).await
}

/// The same path and query with another key.
fn location(request: &HttpRequest, id: Uuid) -> String {
    let rest = request.path().split('/').skip(5).map(|segment| format!("/{segment}")).collect::<String>();
    let query = if request.query_string().is_empty() { String::new() } else { format!("?{}", request.query_string()) };
    format!("/api/v1/experts/{id}{rest}{query}")
}
