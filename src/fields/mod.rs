//! Fields of science and technology, by scheme and version, and the groups of them that a Union works with.

mod groups;
pub mod load;
pub mod load_groups;
pub mod policy;
mod routes;
pub mod store;
mod view;

pub use routes::Level;

use utoipa_actix_web::service_config::ServiceConfig;

/// The scheme a bare code belongs to: QĐ 12/2008/QĐ-BKHCN. Scheme and version are data; this is only the default.
pub const DEFAULT_SCHEME: &str = "BKHCN-2008";

/// Scheme and code of a field as they are typed: `BKHCN-2008:404`, or the code alone.
pub fn coded(text: &str) -> (&str, &str) {
    text.split_once(':').unwrap_or((DEFAULT_SCHEME, text))
}

/// The groups ("nhóm ngành, lĩnh vực") by which the Union itself sorts experts; other schemes serve contests.
pub const UNION_GROUPS: &str = "nhom_nganh_linh_vuc";

/// The routes of this slice.
pub fn configure(config: &mut ServiceConfig) {
    routes::configure(config);
    groups::configure(config);
}
