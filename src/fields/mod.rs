//! Fields of science and technology, by scheme and version, and the groups of them that a Union works with.

mod groups;
pub mod load;
pub mod load_groups;
pub mod policy;
mod routes;
pub mod store;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

/// The scheme a bare code belongs to: QĐ 12/2008/QĐ-BKHCN. Scheme and version are data; this is only the default.
pub const DEFAULT_SCHEME: &str = "BKHCN-2008";
/// The list of groups shown where none is named: the Union's own ("nhóm ngành, lĩnh vực").
pub const DEFAULT_GROUP_SCHEME: &str = "nhom_nganh_linh_vuc";

/// The routes of this slice.
pub fn configure(config: &mut ServiceConfig) {
    routes::configure(config);
    groups::configure(config);
}
