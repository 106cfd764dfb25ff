//! Words of a form that have codes: languages, countries, levels, roles, kinds. Codes are silent; a name that was read as
//! a code is said.

use crate::experts::model::{LanguageLevel, PatentKind, ProjectRole, WorkKind};
use crate::kernel::text::{display, fold};

/// A code that was found, and whether by a name of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) code: &'static str,
    pub(super) by_name: bool,
}

/// A value, its word as kept, and other words for it in folded form.
pub(super) type Known<T> = (T, &'static str, &'static str);

/// Kinds of work, as kept and as said.
pub(super) const WORK_KINDS: [Known<WorkKind>; 3] = [
    (WorkKind::Consultation, "consultation", "tu van|advice|consulting"),
    (WorkKind::CriticalReview, "critical_review", "phan bien|review"),
    (WorkKind::SocialAssessment, "social_assessment", "giam dinh xa hoi|giam dinh|social appraisal"),
];
/// Roles in projects.
pub(super) const PROJECT_ROLES: [Known<ProjectRole>; 2] = [
    (ProjectRole::Leader, "leader", "chu nhiem|chu tri|chu nhiem de tai|chu nhiem du an|principal investigator|head"),
    (ProjectRole::Member, "member", "tham gia|thanh vien|thu ky|thanh vien chinh|cong tac vien|participant"),
];
/// What patents protect.
pub(super) const PATENT_KINDS: [Known<PatentKind>; 5] = [
    (PatentKind::Patent, "patent", "sang che|bang sang che|bang doc quyen sang che|invention"),
    (PatentKind::UtilitySolution, "utility_solution", "giai phap huu ich|utility model"),
    (PatentKind::PlantVariety, "plant_variety", "giong cay trong|giong cay trong moi"),
    (PatentKind::IndustrialDesign, "industrial_design", "kieu dang cong nghiep"),
    (PatentKind::LayoutDesign, "layout_design", "thiet ke bo tri|thiet ke bo tri mach tich hop"),
];
const LEVELS: [Known<LanguageLevel>; 3] = [
    (LanguageLevel::Good, "good", "tot|gioi|thanh thao|fluent|excellent"),
    (LanguageLevel::Fair, "fair", "kha"),
    (LanguageLevel::Average, "average", "trung binh|tb|basic|co ban"),
];

/// Finds a word: the value, its word as kept, and whether another word stood for it.
pub(super) fn find<T: Copy>(known: &[Known<T>], text: &str) -> Option<(T, &'static str, bool)> {
    let folded = fold(text);
    let kept = known.iter().find(|(_, word, _)| fold(word) == folded);
    if let Some((value, word, _)) = kept {
        return Some((*value, word, false));
    }
    let by_name = known.iter().find(|(_, _, names)| names.split('|').any(|name| name == folded))?;
    Some((by_name.0, by_name.1, true))
}

fn word_of<T: Copy + PartialEq>(known: &[Known<T>], value: T) -> &'static str {
    known.iter().find(|(other, _, _)| *other == value).map_or("", |(_, word, _)| word)
}

/// A level as kept.
pub(super) fn level_word(level: LanguageLevel) -> &'static str {
    word_of(&LEVELS, level)
}

/// A role as kept.
pub(super) fn role_word(role: ProjectRole) -> &'static str {
    word_of(&PROJECT_ROLES, role)
}

/// A kind of patent as kept.
pub(super) fn patent_word(kind: PatentKind) -> &'static str {
    word_of(&PATENT_KINDS, kind)
}

/// A level and whether a word of the form "Lý lịch khoa học" stood for it.
pub(super) fn level(text: &str) -> Option<(LanguageLevel, bool)> {
    find(&LEVELS, text).map(|(level, _, by_name)| (level, by_name))
}

/// "Anh (tốt)", "Tiếng Nga: khá", "en - TB" are a language and a level.
pub(super) fn name_and_level(text: &str) -> (String, Option<String>) {
    let text = display(text);
    let bare = text.strip_suffix(')').unwrap_or(&text);
    let parts = bare.rsplit_once(['(', ':', '-', '–']);
    match parts.filter(|(name, word)| !name.trim().is_empty() && level(word).is_some()) {
        Some((name, word)) => (name.trim().to_owned(), Some(word.trim().to_owned())),
        None => (text, None),
    }
}

/// The languages of ISO 639-1.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da \
    de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io \
    is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my \
    na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so \
    sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";
/// Names in folded form, without "tiếng"; also three-letter codes of languages that have two.
const LANGUAGE_NAMES: &str = "vi:viet|vietnamese|vie;en:anh|english|eng;fr:phap|french|fra|fre;ru:nga|russian|rus;\
    zh:trung|trung quoc|hoa|han|chinese|zho|chi;ja:nhat|nhat ban|japanese|jpn;ko:han quoc|trieu tien|korean|kor;\
    de:duc|german|deu|ger;es:tay ban nha|spanish|spa;pt:bo dao nha|portuguese|por;it:y|italian|ita;\
    lo:lao|laotian;km:khmer|campuchia|khm;th:thai lan|thai|tha;pl:ba lan|polish|pol;cs:sec|tiep|czech|ces|cze;\
    sk:slovakia|slovak|slk|slo;hu:hung|hungary|hungarian|hun;bg:bungari|bulgarian|bul;ro:rumani|romanian|ron|rum;\
    nl:ha lan|dutch|nld|dut;sv:thuy dien|swedish|swe;uk:ukraina|ukrainian|ukr;ar:a rap|arabic|ara;\
    hi:hindi|an do|hin;id:indonesia|indonesian|ind;ms:ma lai|malay|msa|may;la:latin|la tinh|lat;da:dan mach|danish|dan;\
    fi:phan lan|finnish|fin;no:na uy|norwegian|nor;el:hy lap|greek|ell|gre;tr:tho nhi ky|turkish|tur;\
    mn:mong co|mongolian|mon;my:mien dien|burmese|mya|bur;hmn:mong|h mong|hmong|meo;tyz:tay;nut:nung;ium:dao|mien;\
    mtq:muong";

/// A code of ISO 639, and whether a name stood for it. Three letters are taken as a code: there are some 7,000.
pub(super) fn language(text: &str) -> Option<(String, bool)> {
    let code = text.trim().to_ascii_lowercase();
    if code.len() == 2
        && code.bytes().all(|b| b.is_ascii_lowercase())
        && LANGUAGES.split(' ').any(|known| known == code)
    {
        return Some((code, false));
    }
    // "tiếng Thái" is the language of Thailand or that of the Thái here: only "Thái Lan" and the English word are certain
    let folded = fold(text);
    let name = folded.strip_prefix("tieng ").unwrap_or(&folded);
    let doubtful = name == "thai" && !text.is_ascii();
    let named = LANGUAGE_NAMES.split(';').filter_map(|line| line.trim().split_once(':'));
    let mut named = named.filter(|(_, names)| !doubtful && names.split('|').any(|known| known == name));
    if let Some((code, _)) = named.next() {
        return Some((code.to_owned(), true));
    }
    (code.len() == 3 && code.bytes().all(|b| b.is_ascii_lowercase())).then_some((code, false))
}

/// The countries of ISO 3166-1.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ \
    FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT \
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP \
    MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE \
    RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV \
    TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";
/// Common names in folded form.
const COUNTRY_NAMES: &str = "VN:viet nam|vietnam|vietnamese;JP:nhat ban|nhat|japan|japanese;\
    KR:han quoc|south korea|korea|korean;KP:trieu tien|bac trieu tien|north korea;CN:trung quoc|china|chinese;\
    TW:dai loan|taiwan;HK:hong kong;SG:singapore|xin ga po;TH:thai lan|thailand|thai;LA:lao|laos;\
    KH:campuchia|cam pu chia|cambodia;MM:myanmar|mien dien;MY:malaysia|ma lai xi a;ID:indonesia|in do ne xi a;\
    PH:philippines|philippin;IN:an do|india|indian;RU:nga|lien bang nga|russia|russian;UA:ukraina|ukraine;\
    BY:belarus|be la rut;PL:ba lan|poland|polish;CZ:sec|cong hoa sec|czech|czechia|czech republic;SK:slovakia;\
    HU:hungary|hung ga ri;BG:bulgaria|bun ga ri;RO:romania|ru ma ni;DE:duc|cong hoa lien bang duc|germany|german;\
    FR:phap|france|french;GB:anh|vuong quoc anh|united kingdom|uk|england|great britain|british;\
    US:my|hoa ky|united states|usa|america|american|united states of america;CA:canada|ca na da|canadian;\
    AU:uc|australia|o xtray li a|australian;NZ:new zealand|niu di lan;NL:ha lan|netherlands|the netherlands|holland;\
    BE:bi|belgium|belgian;CH:thuy si|switzerland|swiss;AT:ao|austria|austrian;IT:y|italia|italy|italian;\
    ES:tay ban nha|spain|spanish;PT:bo dao nha|portugal;SE:thuy dien|sweden|swedish;NO:na uy|norway;\
    DK:dan mach|denmark|danish;FI:phan lan|finland;IE:ireland|ai len;GR:hy lap|greece;TR:tho nhi ky|turkey|turkiye;\
    IL:israel|i xra en;CU:cuba|cu ba;BR:brazil|bra xin;MX:mexico|me hi co;ZA:nam phi|south africa;EG:ai cap|egypt;\
    MN:mong co|mongolia;KZ:kazakhstan;UZ:uzbekistan";

/// A country by its two letters or a common name.
pub(super) fn country(text: &str) -> Option<Word> {
    let code = text.trim().to_ascii_uppercase();
    if let Some(code) = COUNTRIES.split(' ').find(|known| *known == code) {
        return Some(Word { code, by_name: false });
    }
    let name = fold(text);
    let named = COUNTRY_NAMES.split(';').filter_map(|line| line.trim().split_once(':'));
    let mut named = named.filter(|(_, names)| names.split('|').any(|known| known == name));
    named.next().map(|(code, _)| Word { code, by_name: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_found_by_code_and_by_name() {
        for (text, expected) in [
            ("vi", Some(("vi", false))),
            (" EN ", Some(("en", false))),
            ("hmn", Some(("hmn", false))),
            ("eng", Some(("en", true))),
            ("tiếng Anh", Some(("en", true))),
            ("Anh", Some(("en", true))),
            ("Tiếng Trung", Some(("zh", true))),
            ("Russian", Some(("ru", true))),
            ("tiếng Mông", Some(("hmn", true))),
            ("tiếng H'Mông", Some(("hmn", true))),
            ("Thai", Some(("th", true))),
            ("tiếng Thái", None),
            ("xx", None),
            ("?", None),
            ("", None),
            ("tiếng Klingon", None),
        ] {
            let seen = language(text);
            assert_eq!(seen.as_ref().map(|(code, by_name)| (code.as_str(), *by_name)), expected, "{text}");
        }
    }

    #[test]
    fn a_level_may_stand_behind_the_language() {
        for (text, name, level) in [
            ("Anh (tốt)", "Anh", Some("tốt")),
            ("Tiếng Nga: Khá", "Tiếng Nga", Some("Khá")),
            ("en - TB", "en", Some("TB")),
            ("en", "en", None),
            ("zh-Hans", "zh-Hans", None),
            ("(tốt)", "(tốt)", None),
        ] {
            assert_eq!(name_and_level(text), (name.to_owned(), level.map(str::to_owned)), "{text}");
        }
        for (text, found) in [
            ("good", Some((LanguageLevel::Good, false))),
            ("Tốt", Some((LanguageLevel::Good, true))),
            ("KHÁ", Some((LanguageLevel::Fair, true))),
            ("TB", Some((LanguageLevel::Average, true))),
            ("Trung bình", Some((LanguageLevel::Average, true))),
            ("B2", None),
        ] {
            assert_eq!(level(text), found, "{text}");
        }
    }

    #[test]
    fn countries_are_found_by_code_and_by_name() {
        for (text, expected) in [
            ("VN", Some(("VN", false))),
            ("jp", Some(("JP", false))),
            ("Nhật Bản", Some(("JP", true))),
            ("Việt Nam", Some(("VN", true))),
            ("Hoa Kỳ", Some(("US", true))),
            ("Liên bang Nga", Some(("RU", true))),
            ("Germany", Some(("DE", true))),
            ("XX", None),
            ("Liên Xô", None),
            ("", None),
        ] {
            let seen = country(text);
            assert_eq!(seen.map(|word| (word.code, word.by_name)), expected, "{text}");
        }
    }

    #[test]
    fn the_tables_name_codes_that_exist_and_nothing_twice() {
        for (table, codes) in [(COUNTRY_NAMES, COUNTRIES), (LANGUAGE_NAMES, LANGUAGES)] {
            let mut names: Vec<&str> = Vec::new();
            for line in table.split(';') {
                let (code, words) = line.trim().split_once(':').unwrap();
                assert!(codes.split(' ').any(|known| known == code) || code.len() == 3, "{code}");
                names.extend(words.split('|'));
            }
            assert!(names.iter().all(|name| fold(name) == *name));
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "a name stands for two codes");
        }
        assert_eq!(COUNTRIES.split(' ').filter(|code| !code.is_empty()).count(), 249);
    }

    #[test]
    fn words_are_found_as_kept_and_as_said() {
        assert_eq!(find(&WORK_KINDS, "Critical review"), Some((WorkKind::CriticalReview, "critical_review", false)));
        assert_eq!(find(&WORK_KINDS, "Phản biện"), Some((WorkKind::CriticalReview, "critical_review", true)));
        assert_eq!(find(&PROJECT_ROLES, "Chủ nhiệm"), Some((ProjectRole::Leader, "leader", true)));
        assert_eq!(find(&PATENT_KINDS, "x"), None);
        assert_eq!((level_word(LanguageLevel::Fair), role_word(ProjectRole::Member)), ("fair", "member"));
        assert_eq!(patent_word(PatentKind::LayoutDesign), "layout_design");
    }
}
