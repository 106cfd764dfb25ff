//! The closed lists of words of this slice, as written in JSON and in the database.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every one, in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As written in JSON and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Reads [`Self::as_str`].
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }
    };
}

words! {
    /// What kind of association it is.
    AssociationKind {
        /// Hội.
        Association = "association",
        /// Liên hiệp hội.
        Union = "union",
        /// Tổng hội.
        GeneralAssociation = "general_association",
        /// Hiệp hội.
        TradeAssociation = "trade_association",
        /// Câu lạc bộ.
        Club = "club",
        /// Liên đoàn.
        Federation = "federation",
    }
}

impl AssociationKind {
    /// What a folded name says.
    pub fn of_name(folded: &str) -> Self {
        [
            ("lien hiep ", Self::Union),
            ("tong hoi ", Self::GeneralAssociation),
            ("hiep hoi ", Self::TradeAssociation),
            ("cau lac bo ", Self::Club),
            ("lien doan ", Self::Federation),
        ]
        .into_iter()
        .find(|(word, _)| folded.starts_with(word))
        .map_or(Self::Association, |(_, kind)| kind)
    }
}

words! {
    /// Where it works.
    AssociationScope {
        /// The whole country.
        National = "national",
        /// Several provinces.
        InterProvincial = "inter_provincial",
        /// A province.
        Province = "province",
        /// A district, as there were until 2025-06-30.
        District = "district",
        /// A commune.
        Commune = "commune",
    }
}

words! {
    /// How it stands.
    AssociationStatus {
        /// Đang vận động: its founding committee is at work.
        Preparing = "preparing",
        /// Hoạt động.
        Active = "active",
        /// Đình chỉ có thời hạn.
        Suspended = "suspended",
        /// Đang giải thể.
        Dissolving = "dissolving",
        /// Đã giải thể.
        Dissolved = "dissolved",
        /// Sáp nhập: it ended in one that goes on.
        MergedInto = "merged_into",
        /// Hợp nhất: it ended, with others, in a new one.
        Consolidated = "consolidated",
        /// Chia: it ended in several new ones.
        Divided = "divided",
    }
}

impl AssociationStatus {
    /// True when it is no more.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Dissolved | Self::MergedInto | Self::Consolidated | Self::Divided)
    }
}

words! {
    /// A task from Party or State.
    SpecialStatus {
        /// Hội có tính chất đặc thù (QĐ 68/2010/QĐ-TTg).
        Special = "special",
        /// Hội được Đảng, Nhà nước giao nhiệm vụ (Nghị định 126/2024/NĐ-CP).
        StateAssigned = "state_assigned",
    }
}

words! {
    /// What a congress was held for.
    CongressKind {
        /// Đại hội thành lập.
        Founding = "founding",
        /// Đại hội nhiệm kỳ.
        Regular = "regular",
        /// Đại hội bất thường.
        Extraordinary = "extraordinary",
    }
}

words! {
    /// A post in an association.
    OfficerPosition {
        /// Chủ tịch.
        President = "president",
        /// Phó chủ tịch thường trực.
        StandingVicePresident = "standing_vice_president",
        /// Phó chủ tịch.
        VicePresident = "vice_president",
        /// Tổng thư ký.
        SecretaryGeneral = "secretary_general",
        /// Phó tổng thư ký.
        DeputySecretaryGeneral = "deputy_secretary_general",
        /// Ủy viên Ban Thường vụ.
        StandingCommitteeMember = "standing_committee_member",
        /// Ủy viên Ban Chấp hành.
        ExecutiveCommitteeMember = "executive_committee_member",
        /// Trưởng ban Kiểm tra.
        InspectionHead = "inspection_head",
        /// Phó trưởng ban Kiểm tra.
        InspectionDeputyHead = "inspection_deputy_head",
        /// Ủy viên Ban Kiểm tra.
        InspectionMember = "inspection_member",
    }
}

impl OfficerPosition {
    /// As it is said in Vietnamese.
    pub const fn label(self) -> &'static str {
        match self {
            Self::President => "Chủ tịch",
            Self::StandingVicePresident => "Phó Chủ tịch thường trực",
            Self::VicePresident => "Phó Chủ tịch",
            Self::SecretaryGeneral => "Tổng thư ký",
            Self::DeputySecretaryGeneral => "Phó Tổng thư ký",
            Self::StandingCommitteeMember => "Ủy viên Ban Thường vụ",
            Self::ExecutiveCommitteeMember => "Ủy viên Ban Chấp hành",
            Self::InspectionHead => "Trưởng ban Kiểm tra",
            Self::InspectionDeputyHead => "Phó Trưởng ban Kiểm tra",
            Self::InspectionMember => "Ủy viên Ban Kiểm tra",
        }
    }
}

words! {
    /// As what an association belongs to a Union.
    UnionMembershipKind {
        /// Hội thành viên (tập thể).
        Collective = "collective",
        /// Cơ quan, tổ chức trực thuộc.
        Affiliated = "affiliated",
    }
}

words! {
    /// Who is counted.
    MemberKind {
        /// Hội viên chính thức, cá nhân.
        OfficialIndividual = "official_individual",
        /// Hội viên chính thức, tổ chức.
        OfficialOrganisation = "official_organisation",
        /// Hội viên liên kết.
        Associate = "associate",
        /// Hội viên danh dự.
        Honorary = "honorary",
    }
}

impl MemberKind {
    /// True for who votes and may be elected; only these count for the minimum.
    pub const fn is_official(self) -> bool {
        matches!(self, Self::OfficialIndividual | Self::OfficialOrganisation)
    }
}

words! {
    /// Where a change request stands.
    RequestState {
        /// The Union has not decided.
        Open = "open",
        /// What it asks for was done.
        Accepted = "accepted",
        /// The Union said no, and why.
        Rejected = "rejected",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_kind_it_is() {
        for (name, kind) in [
            ("hoi lam vuon tinh tuyen quang", AssociationKind::Association),
            ("lien hiep cac hoi khoa hoc", AssociationKind::Union),
            ("hiep hoi doanh nghiep", AssociationKind::TradeAssociation),
            ("tong hoi y hoc", AssociationKind::GeneralAssociation),
            ("cau lac bo tin hoc", AssociationKind::Club),
            ("lien doan bong da", AssociationKind::Federation),
            ("lien minh hop tac xa", AssociationKind::Association),
        ] {
            assert_eq!(AssociationKind::of_name(name), kind, "{name}");
        }
    }

    #[test]
    fn every_word_reads_back_as_itself() {
        for status in AssociationStatus::ALL {
            assert_eq!(AssociationStatus::parse(status.as_str()), Some(*status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        assert_eq!(OfficerPosition::parse("chairman"), None);
        assert!(AssociationStatus::ALL.iter().filter(|status| status.is_over()).count() == 4);
    }
}
