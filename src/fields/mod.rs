//! Fields of science and technology, by scheme and version.

pub mod load;
pub mod policy;
mod routes;
pub mod store;

pub use routes::configure;

/// The scheme a bare code belongs to: QĐ 12/2008/QĐ-BKHCN. Scheme and version are data; this is only the default.
pub const DEFAULT_SCHEME: &str = "BKHCN-2008";

/// The groups ("nhóm ngành, lĩnh vực") by which the Union itself sorts experts; other schemes serve contests.
pub const UNION_GROUPS: &str = "nhom_nganh_linh_vuc";
