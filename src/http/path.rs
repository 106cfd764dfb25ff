//! Path parameters.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use uuid::Uuid;

use crate::kernel::problem::Problem;

/// The `{id}` of a path.
///
/// What is no UUID becomes the nil id, which nothing has: so a bad id is a 404 like any unknown one, in its turn after
/// the checks of the body.
#[derive(Debug, Clone, Copy)]
pub struct Id(pub Uuid);

impl FromRequest for Id {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(segment(req, "id").parse().unwrap_or_default())))
    }
}

/// The `{key}` of a path whose resource has a code beside its id; the slice looks it up.
#[derive(Debug, Clone)]
pub struct Key(pub String);

impl FromRequest for Key {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = segment(req, "key");
        // nothing has a key with a NUL, and PostgreSQL can't be asked for one
        ready(Ok(Self(if key.contains('\0') { String::new() } else { key.to_owned() })))
    }
}

/// A second id of a path; as with [`Id`], what is none becomes one that nothing has.
pub fn segment_id(req: &HttpRequest, name: &str) -> Uuid {
    segment(req, name).parse().unwrap_or_default()
}

/// A number of a path. What is none becomes one that nothing has.
pub fn segment_number(req: &HttpRequest, name: &str) -> i64 {
    segment(req, name).parse().unwrap_or(-1)
}

fn segment<'r>(req: &'r HttpRequest, name: &str) -> &'r str {
    req.match_info().get(name).unwrap_or_default()
}
