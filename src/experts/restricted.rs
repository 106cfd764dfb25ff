//! `GET /experts/{key}/restricted`.

use actix_web::{HttpRequest, get};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::policy::ReadRestricted;
use super::store;
use crate::access::permit::Permit;
use crate::access::policy::Reach;
use crate::http::params::{Nothing, Params};
use crate::http::path::Key;
use crate::kernel::partial_date::PartialDate;
use crate::kernel::precondition::fresh;
use crate::kernel::problem::Answer;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(read_restricted);
}

/// Restricted personal data.
#[derive(Debug, Serialize, ToSchema)]
struct RestrictedData {
    /// Date of birth, as far as it is known.
    date_of_birth: Option<PartialDate>,
    /// E-mail address.
    #[schema(example = "hoa.mau@chuyengia.example")]
    email: Option<String>,
    /// Phone number.
    #[schema(example = "0600123456")]
    phone: Option<String>,
    /// Postal address.
    address: Option<String>,
}

/// Read restricted data
///
/// Full birth date, e-mail, phone, address. Each read is recorded as a disclosure before the answer leaves; change them with
/// `PATCH /experts/{key}`. An agency reads e-mail and phone of who sits on an approved panel of its request, as long as the panel is
/// at work, if they agreed to `contact_sharing`; the Department the same of whom it did not supply.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001")),
    security(("session" = ["experts.read_restricted"])),
    responses((status = 200, description = "The data", body = RestrictedData)),
)]
#[get("/experts/{key}/restricted")]
async fn read_restricted(permit: Permit<ReadRestricted>, key: Key, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    let row = store::find(&mut conn, permit.scope(), &key.0).await?;
    let mut data = store::restricted(&mut conn, &permit.state().sealer, row.id).await?;
    let only_contacts = match permit.scope().reach {
        Reach::Seated => true,
        Reach::SuppliedAndSeated => !store::is_supplied(&mut conn, row.id).await?,
        _ => false,
    };
    if only_contacts {
        (data.date_of_birth, data.address) = (None, None);
    }
    drop(conn);
    permit.disclose(&[row.id]).await?;
    let data = RestrictedData {
        date_of_birth: data.date_of_birth,
        email: data.email,
        phone: data.phone,
        address: data.address,
    };
    fresh(&req, None, "private", &data)
}
