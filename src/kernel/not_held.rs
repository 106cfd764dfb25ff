//! Personal data that nothing here holds, because the work does not need it: ethnicity, religion, membership of the Party,
//! health, and numbers of identity papers (Law 91/2025/QH15: no more data than the purpose needs).

use std::collections::HashSet;
use std::sync::LazyLock;

use super::problem::Say;
use super::text::fold;
use crate::say;

/// Names under which such data is sent, folded and without blanks.
const NAMES: &str = "dantoc ethnic ethnicity ethnicgroup ethnicminority race tongiao tinnguong religion religious faith belief \
    dangvien ladangvien vaodang ngayvaodang ngayvaodangchinhthuc chinhthucvaodang sothedang thedang chibo partymember \
    partymembership ispartymember partyjoined partyjoinedat partyjoinedon partycard partycardnumber partydate \
    communistparty party politicalaffiliation politicalopinion politicalviews \
    suckhoe tinhtrangsuckhoe thetrang benhtat benh tiensubenh nhommau khuyettat chieucao cannang health healthstatus \
    healthdata healthcondition medical medicalhistory disability bloodtype bloodgroup \
    cccd socccd cmnd socmnd cmt cmtnd socmt cancuoc socancuoc cancuoccongdan thecancuoc sodinhdanh sodinhdanhcanhan \
    madinhdanh madinhdanhcanhan citizenid citizenidentity citizenidentitycard citizenidentification citizennumber \
    idcard idcardnumber identitycard identitycardnumber identitynumber identity nationalid nationalidnumber \
    nationalidentitynumber personalid personalidnumber personalidentificationnumber hochieu sohochieu passport \
    passportnumber passportno";

/// Every member of every record is looked up in it.
static KNOWN: LazyLock<HashSet<&str>> = LazyLock::new(|| NAMES.split(' ').collect());

/// True for the name of a member that holds such data: `ethnicity`, `partyMember`, `dan_toc`, `Số CCCD`.
#[must_use]
pub fn is_not_held(name: &str) -> bool {
    if name.bytes().all(|b| b.is_ascii_lowercase()) {
        return KNOWN.contains(name);
    }
    let is_plain = name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let folded = if is_plain { name.replace('_', "") } else { fold(name).replace(' ', "") };
    KNOWN.contains(folded.as_str())
}

/// Why a body that sends it is refused. The value is never repeated.
pub fn detail() -> Say {
    say!(
        "Ngân hàng chuyên gia không lưu dữ liệu này (dân tộc, tôn giáo, đảng viên, sức khỏe, số giấy tờ tùy thân) vì không \
         cần cho công việc; bỏ trường này.",
        "The expert bank does not hold this (ethnicity, religion, Party membership, health, numbers of identity papers): \
         its work does not need it. Leave the member out.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_held_is_known_by_many_names() {
        for name in [
            "ethnicity",
            "dan_toc",
            "Dân tộc",
            "danToc",
            "DAN_TOC",
            "religion",
            "ton-giao",
            "party_member",
            "partyMember",
            "dang_vien",
            "Đảng viên",
            "cccd",
            "CCCD",
            "Số CCCD",
            "cmnd",
            "citizen_id",
            "identity_number",
            "health",
            "Sức khoẻ",
            "blood_type",
            "passport_number",
        ] {
            assert!(is_not_held(name), "{name}");
        }
        for name in [
            "",
            "_",
            "full_name",
            "identity_of_source",
            "external_id",
            "id",
            "parties",
            "third_party",
            "position",
            "specialties",
            "organisation_id",
            "nationality",
            "address",
            "workplace",
            "level",
            "dan",
            "so",
        ] {
            assert!(!is_not_held(name), "{name}");
        }
    }
}
