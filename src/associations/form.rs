//! What people send: the record of an association, and what every decision says. `reader.rs` reads it.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::words::{AssociationKind, AssociationScope};
use crate::kernel::document::DocumentForm;
use crate::kernel::patch::Change;

/// Whether it is still being founded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FirstStatus {
    /// Its founding committee is at work; `activate` follows with the decision.
    #[default]
    Preparing,
    /// It was founded before it is entered here.
    Active,
}

/// A new association.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Hội Chè tỉnh Tuyên Quang", "short_name": "HC", "scope": "province", "province": "Tuyên Quang",
    "main_field": "401", "status": "preparing", "valid_from": "2026-03-01",
    "document": {"number": "15/QĐ-SNV", "date": "2026-02-25", "issuer": "Sở Nội vụ"},
    "headquarters": "Số 1 đường Mẫu, phường Minh Xuân"
}))]
pub struct NewAssociation {
    /// 1 to 40 of `A-Z a-z 0-9 -`; the register numbers one without (`TC-00001`).
    pub code: Option<String>,
    /// Full name in Vietnamese; unique in its scope.
    #[schema(min_length = 1, max_length = 300)]
    pub name: String,
    /// International name.
    pub name_en: Option<String>,
    /// Abbreviation.
    pub short_name: Option<String>,
    /// Name in a minority language.
    pub minority_name: Option<String>,
    /// Names it bore once, where the dates are not known.
    #[serde(default)]
    pub former_names: Vec<String>,
    /// What kind; from the name when it is left out.
    pub kind: Option<AssociationKind>,
    /// Where it works.
    pub scope: AssociationScope,
    /// The district or commune, or the provinces of an inter-provincial one.
    pub area: Option<String>,
    /// Name or code of its province.
    pub province: Option<String>,
    /// The body it stands under.
    pub parent_id: Option<Uuid>,
    /// The department that is competent for its field.
    pub department_id: Option<Uuid>,
    /// Code of its main field, with its scheme where that is not the default: `404`, `BKHCN-2008:404`. Only one that is still
    /// being founded may be without.
    #[schema(example = "404")]
    pub main_field: Option<String>,
    /// Codes of other fields.
    #[serde(default)]
    #[schema(example = json!(["40401"]))]
    pub other_fields: Vec<String>,
    /// Whether it is still being founded.
    #[serde(default)]
    #[schema(inline)]
    pub status: FirstStatus,
    /// First day: of the founding committee, or of the association when it is entered as active.
    pub valid_from: Option<NaiveDate>,
    /// What it began with: the recognition of the founding committee, or the founding decision.
    pub document: Option<DocumentForm>,
    /// Address of its office.
    pub headquarters: Option<String>,
    /// Telephone of its office.
    pub phone: Option<String>,
    /// E-mail of its office.
    pub email: Option<String>,
    /// Web site.
    #[schema(example = "https://hoiche.example")]
    pub website: Option<String>,
    /// Tax code: 10 digits, or 13 of a branch.
    #[schema(example = "5000123456")]
    pub tax_code: Option<String>,
    /// Where this entry comes from.
    pub source: Option<String>,
    /// Remarks.
    pub note: Option<String>,
}

/// Corrections, as a merge patch: absent keeps, `null` clears, a list is replaced whole.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"headquarters": "Số 2 đường Mẫu", "phone": "0207 3822 000"}))]
pub struct AssociationPatch {
    /// Full name in Vietnamese: a correction; it is renamed by `succeed`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub name: Change<String>,
    /// International name.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub name_en: Change<String>,
    /// Abbreviation.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub short_name: Change<String>,
    /// Name in a minority language.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub minority_name: Change<String>,
    /// Names it bore once, where the dates are not known.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub former_names: Change<Vec<String>>,
    /// What kind.
    #[serde(default)]
    #[schema(value_type = Option<AssociationKind>)]
    pub kind: Change<AssociationKind>,
    /// Where it works.
    #[serde(default)]
    #[schema(value_type = Option<AssociationScope>)]
    pub scope: Change<AssociationScope>,
    /// The district or commune, or the provinces of an inter-provincial one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub area: Change<String>,
    /// Name or code of its province.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub province: Change<String>,
    /// The body it stands under.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub parent_id: Change<Uuid>,
    /// The department that is competent for its field.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub department_id: Change<Uuid>,
    /// Code of its main field; only one that is still being founded may be without.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub main_field: Change<String>,
    /// Codes of other fields.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub other_fields: Change<Vec<String>>,
    /// First day.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_from: Change<NaiveDate>,
    /// What it began with.
    #[serde(default)]
    #[schema(value_type = Option<DocumentForm>)]
    pub document: Change<DocumentForm>,
    /// Address of its office.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub headquarters: Change<String>,
    /// Telephone of its office.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub phone: Change<String>,
    /// E-mail of its office.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub email: Change<String>,
    /// Web site.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub website: Change<String>,
    /// Tax code.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub tax_code: Change<String>,
    /// Remarks.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub note: Change<String>,
}

/// What an association's own office may change by itself.
pub const OWN: [&str; 4] = ["headquarters", "phone", "email", "website"];

/// Why, from when on and by what decision something changes.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({
    "effective_on": "2026-05-01", "document": {"number": "120/QĐ-UBND", "date": "2026-04-28", "issuer": "UBND tỉnh"},
    "reason": "Đủ điều kiện thành lập"
}))]
pub struct Decision {
    /// First day of the new state; today by default.
    pub effective_on: Option<NaiveDate>,
    /// The decision.
    pub document: Option<DocumentForm>,
    /// Why; for the Union and the association.
    #[schema(max_length = 300)]
    pub reason: Option<String>,
}
