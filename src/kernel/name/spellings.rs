//! The spellings of titles seen in lists and news, beside those of the title table (domain notes,
//! §3.4), and the family names that decide doubtful cases.

/// Honours without a place on either scale; their code is their abbreviation.
pub(super) const HONOURS: [&str; 9] = ["VS", "NGND", "NGƯT", "TTND", "TTƯT", "NNND", "NNƯT", "NSND", "NSƯT"];

/// Spellings beside those of the table, and their codes. In a spelling a dot stands for a dot
/// without a blank, and a blank for any other separator but a comma. Salutations have no code.
pub(super) const SHORT: &[(&str, &[&str])] = &[
    ("T.S|PTS|P.TS|PhD|Ph.D|Dr", &["TS"]),
    ("TS KH|TS.KH|DSc|D.Sc", &["TSKH"]),
    ("Ths|Th.S|Th.s|MSc|M.Sc|MBA|MPH", &["THS"]),
    ("MD|M.D", &["BS"]),
    ("BSNT|BS NT|BS.NT", &["BSNT"]),
    ("CKI|CK1|CK I|CK 1|BSCKI|BSCK1|BSCK I|BS CKI|BS.CKI", &["CKI"]),
    ("BS CK1|BS.CK1|BS CK I|BS CK 1|BS.CK I|BS.CK 1", &["CKI"]),
    ("CKII|CK2|CK II|CK 2|BSCKII|BSCK2|BSCK II|BS CKII|BS.CKII", &["CKII"]),
    ("BS CK2|BS.CK2|BS CK II|BS CK 2|BS.CK II|BS.CK 2", &["CKII"]),
    ("DSCKI|DSCK1|DSCK I|DS CKI|DS.CKI|DS CK1|DS.CK1", &["CKI", "DS"]),
    ("DSCKII|DSCK2|DSCK II|DS CKII|DS.CKII|DS CK2|DS.CK2", &["CKII", "DS"]),
    ("PGSTS", &["PGS", "TS"]),
    ("GSTS", &["GS", "TS"]),
    ("GSTSKH", &["GS", "TSKH"]),
    ("P.GS", &["PGS"]),
    ("Prof", &["GS"]),
    ("Assoc Prof|Assoc.Prof|A.Prof", &["PGS"]),
    ("GSVS", &["GS", "VS"]),
    ("Mr|Mrs|Ms", &[]),
];

/// Titles written in full, in lower case; the y/i spellings are added when they are read.
pub(super) const WORDS: &[(&str, &[&str])] = &[
    ("phó giáo sư", &["PGS"]),
    ("giáo sư", &["GS"]),
    ("viện sĩ", &["VS"]),
    ("tiến sĩ khoa học", &["TSKH"]),
    ("tiến sĩ|phó tiến sĩ", &["TS"]),
    ("thạc sĩ", &["THS"]),
    ("bác sĩ", &["BS"]),
    ("bác sĩ nội trú", &["BSNT"]),
    ("bác sĩ cki|bác sĩ ck1|bác sĩ chuyên khoa i|bác sĩ chuyên khoa 1", &["CKI"]),
    ("bác sĩ chuyên khoa cấp i|chuyên khoa i|chuyên khoa cấp i", &["CKI"]),
    ("bác sĩ ckii|bác sĩ ck2|bác sĩ chuyên khoa ii|bác sĩ chuyên khoa 2", &["CKII"]),
    ("bác sĩ chuyên khoa cấp ii|chuyên khoa ii|chuyên khoa cấp ii", &["CKII"]),
    ("dược sĩ", &["DS"]),
    ("dược sĩ cki|dược sĩ chuyên khoa i|dược sĩ chuyên khoa cấp i", &["CKI", "DS"]),
    ("dược sĩ ckii|dược sĩ chuyên khoa ii|dược sĩ chuyên khoa cấp ii", &["CKII", "DS"]),
    ("kỹ sư", &["KS"]),
    ("kiến trúc sư", &["KTS"]),
    ("cử nhân", &["CN"]),
    ("nhà giáo nhân dân", &["NGND"]),
    ("nhà giáo ưu tú", &["NGƯT"]),
    ("thầy thuốc nhân dân", &["TTND"]),
    ("thầy thuốc ưu tú", &["TTƯT"]),
    ("nghệ nhân nhân dân", &["NNND"]),
    ("nghệ nhân ưu tú", &["NNƯT"]),
    ("nghệ sĩ nhân dân", &["NSND"]),
    ("nghệ sĩ ưu tú", &["NSƯT"]),
];

/// Common family names, those of the highland peoples included: what must follow "Ông" or "Bà"
/// for them to be a salutation, and what may not begin a title in name-like case ("Cao Đẳng").
pub(super) const FAMILIES: &str = " âu bàn bạch bế bùi cao châu chẩu cháng chu cung cù cư dương đàm đặng \
    đào đậu điền đinh đoàn đỗ đồng giàng hà hạng hầu hồ hoàng hứa huỳnh khổng khương kiều la lã \
    lại lâm lầu lê lèng lò lù lục lương lưu lý ly ma mã mai mạc mạch mua nghiêm ngô nguyễn nông \
    phạm phan phàn phùng quách quan sùng tạ tăng tẩn thái thạch thân thào thèn tiêu tô tôn tống \
    trần triệu trịnh trương từ ứng ưng vàng vi viên võ vũ vừ vừa vương xin ";
