//! Word lists of the demo experts, and the drawing from them.
//!
//! The lists are kept as small text tables, one row a line, so that a reader sees many words at once and adding one is a
//! one-word change. Columns are separated by `;`, alternatives by `|`, a weight follows `:`. Institutions, journals and
//! people are invented; only the names of provinces and of ordinary provincial agencies are those in use.

/// SplitMix64. Written out here because the demo has to be the same everywhere and for good, which the generators of the
/// rand crate do not promise from one version to the next. It is not meant for secrets.
pub(super) struct Draw(u64);

impl Draw {
    /// Each person has an own stream, so that a new question about one person leaves the others as they were.
    pub(super) fn for_person(number: usize) -> Self {
        // Mixed, because neighbouring starting points would give the same stream shifted by one.
        Self(Self::mix(0x7453_6b68_6f61_686f ^ number as u64))
    }

    /// A second stream of the same person.
    pub(super) fn for_record(number: usize) -> Self {
        Self(Self::mix(0x6c79_206c_6963_6821 ^ number as u64))
    }

    fn mix(mut z: u64) -> u64 {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (Self::mix(self.0) % limit.max(1) as u64) as usize
    }

    pub(super) fn between(&mut self, first: usize, last: usize) -> usize {
        first + self.below(last.saturating_sub(first) + 1)
    }

    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<T>(&mut self, mut from: impl Iterator<Item = T> + Clone) -> Option<T> {
        let nth = self.below(from.clone().count());
        from.nth(nth)
    }

    /// One of `a|b|c`.
    pub(super) fn word(&mut self, list: &'static str) -> &'static str {
        self.pick(list.split('|')).unwrap_or_default()
    }

    /// One of `a:3|b:1`, by weight.
    pub(super) fn weighted(&mut self, list: &'static str) -> &'static str {
        let entries = || {
            let pairs = list.split('|').filter_map(|entry| entry.split_once(':'));
            pairs.map(|(word, weight)| (word, weight.parse().unwrap_or(0_usize)))
        };
        let mut left = self.below(entries().map(|(_, weight)| weight).sum());
        for (word, weight) in entries() {
            if left < weight {
                return word;
            }
            left -= weight;
        }
        ""
    }
}

/// "Lâm sinh" as it stands inside a sentence; an abbreviation keeps its capitals.
pub(super) fn mid_sentence(phrase: &str) -> String {
    let mut letters = phrase.chars();
    match letters.next() {
        Some(first) if !letters.clone().next().is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => phrase.to_owned(),
    }
}

/// The columns of a table's row, when it has as many as it should; a test counts the rows that do.
pub(super) fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> + Clone {
    table.lines().filter_map(|line| line.split(';').collect::<Vec<_>>().try_into().ok())
}

/// Family names by people, weighted roughly as in the population: namesakes are a daily matter in a bank of experts, and
/// an even draw would hide them.
pub(super) const FAMILIES: &str = "\
Kinh;Nguyễn:38|Trần:11|Lê:9|Phạm:7|Hoàng:5|Phan:3|Vũ:4|Đặng:2|Bùi:2|Đỗ:2|Hồ:1|Ngô:2|Dương:1|Đào:1|Đinh:1|Trịnh:1|Lương:1|Mai:1|Tạ:1|Hà:1|Cao:1|Chu:1|Trương:1|Phùng:1|Đoàn:1|Võ:1
Tày;Nông:4|Ma:4|Hoàng:4|Quan:2|Hà:2|Lương:2|Triệu:2|Bế:1|Đàm:1|Lục:1|Nguyễn:2
Mông;Giàng:4|Vàng:4|Sùng:4|Thào:3|Lù:2|Mua:2|Vừ:2|Ly:1|Hạng:1|Cứ:1
Dao;Bàn:4|Triệu:3|Phàn:3|Tẩn:3|Đặng:3|Lý:2|Chảo:1";

/// Middle and given names by people and sex; the Tày follow the Kinh. An empty middle name gives a name of two parts, a
/// pair of words one of four.
pub(super) const NAMES: &str = "\
Kinh Tày;Nam;:12|Văn:30|Đức:8|Hữu:7|Xuân:7|Quang:6|Minh:5|Ngọc:5|Công:5|Đình:5|Thanh:4|Mạnh:4|Duy:3|Trọng:3|Thế:3|Quốc:3|Tiến:2|Hoàng Minh:2|Ngọc Quang:1|Trần Đức:1|Vũ Hải:1;An|Anh|Bách|Bảo|Bình|Châu|Chiến|Cường|Dũng|Duy|Đạt|Định|Đông|Giang|Hà|Hải|Hiếu|Hiệp|Hòa|Hoàn|Hùng|Huy|Hưng|Khánh|Khoa|Kiên|Lâm|Linh|Long|Lợi|Minh|Nam|Nghĩa|Phong|Phúc|Phương|Quân|Quyết|Sơn|Tài|Tâm|Thái|Thắng|Thành|Thịnh|Tiến|Toàn|Trung|Trường|Tuấn|Tùng|Việt|Vinh|Vượng|Ân|Đăng
Kinh Tày;Nữ;:5|Thị:38|Thị Thu:6|Thị Thanh:6|Thị Hồng:5|Thị Minh:4|Thị Ngọc:4|Thị Kim:3|Thị Bích:2|Thu:4|Thanh:4|Ngọc:3|Minh:3|Hồng:2|Phương:3|Kim:2|Hoàng Mai:1|Lê Bảo:1;An|Anh|Ánh|Chi|Cúc|Diệp|Dung|Duyên|Đào|Giang|Hà|Hằng|Hạnh|Hiền|Hoa|Hòa|Hồng|Huệ|Huyền|Hương|Lan|Liên|Linh|Loan|Ly|Mai|My|Nga|Ngân|Nguyệt|Nhung|Oanh|Phương|Quyên|Quỳnh|Tâm|Thảo|Thoa|Thơm|Thu|Thủy|Trang|Tuyết|Uyên|Vân|Vy|Xuân|Yến
Mông;Nam;A:5|Seo:4|Mí:4|Chứ:2|Páo:1|:3;Dình|Páo|Sính|Lử|Sử|Chá|Dơ|Sáu|Pó|Lìa|Cơ|Dính|Say|Tủa|Vư|Nhè
Dao;Nam;Văn:3|Chòi:2|Tiến:2|Kim:2|Láo:2|Dào:2|Phúc:1|:1;Chài|Phú|Lìn|Phúc|Vạn|Hín|Quầy|Sinh|Thanh|Ton|Vượng
Mông Dao;Nữ;Thị:6|Mùi:1|:1;Mỷ|Dợ|Máy|Mai|Sua|Chía|Say|Dua|Pà|Xúa|Liều|Ghến|Pham";

/// Positions: kind of workplace and level (0 beginner to 3 professor); alternatives.
pub(super) const POSITIONS: &str = "\
U0;Giảng viên|Trợ giảng
U1;Giảng viên|Giảng viên chính|Phó Trưởng phòng Đào tạo
U2;Giảng viên chính|Giảng viên cao cấp|Trưởng bộ môn|Phó Trưởng khoa
U3;Giảng viên cao cấp|Trưởng khoa|Trưởng bộ môn
R0;Nghiên cứu viên
R1;Nghiên cứu viên|Nghiên cứu viên chính
R2;Nghiên cứu viên chính|Trưởng phòng nghiên cứu|Phó Trưởng phòng nghiên cứu
R3;Nghiên cứu viên cao cấp|Trưởng phòng nghiên cứu
D0;Chuyên viên
D1;Chuyên viên|Chuyên viên chính|Phó Trưởng phòng
D2;Chuyên viên chính|Trưởng phòng|Phó Trưởng phòng
D3;Chuyên viên cao cấp
S0;Kỹ thuật viên|Viên chức kỹ thuật
S1;Viên chức kỹ thuật|Phó Trưởng phòng Kỹ thuật|Tổ trưởng tổ kỹ thuật
S2;Trưởng phòng Kỹ thuật|Chuyên gia kỹ thuật
S3;Chuyên gia kỹ thuật
B0;Nhân viên kỹ thuật|Trợ lý dự án
B1;Chủ trì dự án|Phó Trưởng phòng Kỹ thuật
B2;Trưởng phòng Kỹ thuật|Cố vấn kỹ thuật
B3;Cố vấn kỹ thuật
K0;Giáo viên
K1;Giáo viên|Tổ trưởng chuyên môn
K2;Giáo viên chính|Tổ trưởng chuyên môn
K3;Giáo viên cao cấp
M0;Bác sĩ
M1;Bác sĩ điều trị|Bác sĩ chính|Phó Trưởng khoa
M2;Bác sĩ chính|Trưởng khoa|Phó Trưởng khoa
M3;Bác sĩ cao cấp|Trưởng khoa
P0;Dược sĩ
P1;Dược sĩ|Dược sĩ lâm sàng
P2;Dược sĩ chính|Phó Trưởng khoa Dược
P3;Dược sĩ cao cấp
Z0;Điều dưỡng viên
Z1;Điều dưỡng viên|Điều dưỡng trưởng khoa
Z2;Điều dưỡng trưởng khoa|Phó Trưởng phòng Điều dưỡng
Z3;Trưởng phòng Điều dưỡng";

/// How often each track is drawn: the province is rural, mountainous and forested, the capital is not.
pub(super) const TRACKS_TUYEN_QUANG: &str =
    "F:16|A:12|V:7|Q:3|W:4|O:2|M:11|Y:6|Z:3|P:4|I:7|C:5|K:2|E:5|G:3|N:3|J:3|L:4|D:7|U:7|X:9|S:3";
pub(super) const TRACKS_ELSEWHERE: &str =
    "F:6|A:8|V:5|Q:4|W:4|O:3|M:10|Y:5|Z:2|P:5|I:11|C:6|K:3|E:7|G:4|N:5|J:4|L:6|D:9|U:6|X:8|S:6";

/// Titles of publications: `{s}` is the specialty in the middle of a sentence, `{p}` a place.
pub(super) const TITLES: &str = "Kết quả nghiên cứu về {s} {p}|Thực trạng và giải pháp trong lĩnh vực {s} {p}|Một số vấn đề thực tiễn về {s} {p}|Cơ sở khoa học và khuyến nghị về {s} {p}|Bài học kinh nghiệm về {s} {p}";
pub(super) const TITLES_MEDICAL: &str = "Kết quả bước đầu về {s} {p}|Nhận xét thực trạng và nhu cầu về {s} {p}|Áp dụng quy trình mới trong lĩnh vực {s} {p}";
pub(super) const TITLES_ENGLISH: &str = "A study of {s} in the northern mountains of Viet Nam|Local evidence on {s} in Viet Nam|Ten years of {s} in an upland province: lessons learnt|Advances in {s} for resource-poor settings";
pub(super) const PLACES: &str = "ở tỉnh Tuyên Quang|ở vùng núi phía Bắc|ở vùng trung du và miền núi Bắc Bộ|ở lưu vực sông Lô|ở vùng đồng bào dân tộc thiểu số|ở Việt Nam";
/// Journals by tracks: Vietnamese; English.
pub(super) const VENUES: &str = "\
F;Tạp chí Rừng và Đất dốc;Upland Forestry Letters
AVQO;Tạp chí Nông nghiệp vùng cao;Highland Farming and Food Notes
WCKJN;Tạp chí Kỹ thuật và Công trình địa phương;Regional Engineering Notes
MYZP;Tạp chí Y Dược miền núi;Mountain Health Reports
I;Tạp chí Tin học và Chuyển đổi số địa phương;Provincial Informatics Letters
EGS;Tạp chí Tự nhiên và Môi trường vùng cao;Highland Earth and Nature Notes
LDUX;Tạp chí Xã hội và Nhân văn vùng cao;Highland Society Papers";

/// Fields: code of the science classification; track; what it is called in English; specialties.
/// Neighbouring rows of a track are related, since a second field is taken from next door.
pub(super) const TOPICS: &str = "\
40401;F;silviculture;Lâm sinh|Trồng rừng gỗ lớn|Phục hồi rừng tự nhiên|Nuôi dưỡng rừng trồng keo|Làm giàu rừng nghèo kiệt
40405;F;forest tree improvement;Chọn giống cây lâm nghiệp|Nhân giống keo và bạch đàn|Nuôi cấy mô cây rừng
40402;F;sustainable forest management;Quản lý rừng bền vững|Bảo vệ rừng đặc dụng|Phòng cháy, chữa cháy rừng|Lâm nghiệp cộng đồng|Cấp chứng chỉ rừng
40403;F;forest inventory;Lâm nghiệp|Điều tra, quy hoạch rừng|Lâm sản ngoài gỗ|Kiểm kê tài nguyên rừng
40404;F;forest ecology;Sinh thái rừng|Dịch vụ môi trường rừng|Hấp thụ các-bon của rừng
10615;F;biodiversity conservation;Bảo tồn đa dạng sinh học|Quản lý vườn quốc gia|Bảo tồn linh trưởng
10611;F;flora of limestone forests;Phân loại thực vật|Thực vật núi đá vôi
40406;F;agroforestry;Nông lâm kết hợp|Trồng dược liệu dưới tán rừng|Canh tác trên đất dốc
40407;F;wood processing;Chế biến gỗ|Bảo quản lâm sản|Ván nhân tạo
40101;A;plant nutrition;Nông hóa|Phân bón hữu cơ|Dinh dưỡng cây trồng
40102;A;soil science;Khoa học đất|Đánh giá và phân hạng đất|Chống xói mòn đất dốc|Phục hồi độ phì đất
40103;A;food crop production;Nông nghiệp|Khoa học cây trồng|Chọn giống lúa chịu lạnh|Canh tác ngô trên nương
40104;A;fruit and vegetable growing;Cây ăn quả có múi|Rau an toàn|Hoa và cây cảnh ôn đới|Kỹ thuật trồng cam sành
40105;A;tea and medicinal crops;Chè Shan tuyết|Cây dược liệu vùng cao|Cây công nghiệp lâu năm
40106;A;plant protection;Bảo vệ thực vật|Quản lý dịch hại tổng hợp|Bệnh hại cây có múi|Côn trùng nông nghiệp
40107;A;post-harvest technology;Công nghệ sau thu hoạch|Bảo quản nông sản|Chế biến chè
40602;A;plant cell technology;Nuôi cấy mô tế bào thực vật|Nhân giống vô tính
40604;A;agricultural microbiology;Chế phẩm vi sinh nông nghiệp|Phân bón vi sinh|Nấm ăn và nấm dược liệu
40202;V;livestock breeding;Giống vật nuôi bản địa|Bảo tồn nguồn gen lợn đen|Thụ tinh nhân tạo gia súc
40203;V;livestock rearing;Chăn nuôi|Chăn nuôi trâu, bò|Chăn nuôi gia cầm thả đồi|Nuôi ong mật bạc hà
40204;V;animal nutrition;Thức ăn và dinh dưỡng gia súc|Đồng cỏ và cây thức ăn xanh
40301;V;veterinary medicine;Thú y|Nội khoa gia súc|Bệnh gia cầm
40303;V;veterinary epidemiology;Dịch tễ thú y|Phòng chống dịch tả lợn|An toàn dịch bệnh động vật
40310;V;veterinary virology;Vi rút học thú y|Vắc xin động vật
40308;V;veterinary parasitology;Ký sinh trùng gia súc|Kiểm dịch động vật
40504;Q;aquaculture;Thủy sản|Nuôi cá lồng trên hồ chứa|Nuôi cá nước lạnh
40502;Q;fish breeding;Sản xuất giống cá bản địa|Bảo tồn cá đặc sản
40503;Q;fish diseases;Bệnh cá nước ngọt|Quan trắc môi trường nuôi trồng
40501;Q;fish nutrition;Dinh dưỡng thủy sản|Thức ăn cho cá hồi, cá tầm
20105;W;irrigation engineering;Thủy lợi|An toàn hồ đập|Tưới tiết kiệm nước|Cấp nước sinh hoạt nông thôn
10513;W;hydrology;Thủy văn công trình|Tài nguyên nước|Dự báo lũ quét|Nước ngầm vùng núi đá
20306;W;hydraulic machinery;Máy bơm và trạm bơm|Thiết bị cơ khí thủy công
21101;O;food engineering;Công nghệ thực phẩm|An toàn thực phẩm|Chế biến thịt và sữa
21102;O;beverage engineering;Công nghệ rượu men lá|Đồ uống từ trái cây
20901;O;fermentation technology;Công nghệ lên men|Công nghệ enzyme
30228;M;internal medicine;Y học|Nội khoa tổng quát|Y học gia đình
30204;M;cardiology;Tim mạch|Can thiệp tim mạch
30207;M;respiratory medicine;Hô hấp|Lao và bệnh phổi
30218;M;endocrinology;Nội tiết|Đái tháo đường
30219;M;gastroenterology;Tiêu hóa|Nội soi tiêu hóa|Bệnh gan mật
30220;M;nephrology;Thận nhân tạo|Tiết niệu
30208;M;critical care;Hồi sức cấp cứu|Chống độc
30209;M;anaesthesiology;Gây mê hồi sức|Giảm đau sau mổ
30211;M;surgery;Ngoại khoa|Phẫu thuật nội soi
30210;M;orthopaedics;Chấn thương chỉnh hình|Phục hồi chức năng
30221;M;oncology;Ung bướu|Sàng lọc ung thư
30212;M;medical imaging;Chẩn đoán hình ảnh|Siêu âm
30202;M;obstetrics;Sản phụ khoa|Chăm sóc trước sinh
30203;M;paediatrics;Nhi khoa|Sơ sinh|Dinh dưỡng nhi
30214;M;dentistry;Răng hàm mặt|Nha khoa cộng đồng
30222;M;ophthalmology;Mắt|Phòng chống mù lòa
30223;M;otorhinolaryngology;Tai mũi họng|Thính học
30224;M;psychiatry;Tâm thần|Sức khỏe tâm thần học đường
30225;M;neurology;Thần kinh|Phục hồi sau đột quỵ
30231;M;traditional medicine;Y học cổ truyền|Châm cứu|Bài thuốc của người Dao
30305;Y;public health;Y tế công cộng|Vệ sinh môi trường nông thôn|Truyền thông sức khỏe
30309;Y;epidemiology;Dịch tễ học|Y học dự phòng|Tiêm chủng mở rộng
30308;Y;infectious diseases;Bệnh truyền nhiễm|Phòng chống HIV/AIDS
30307;Y;parasitology;Phòng chống sốt rét|Giun sán ở trẻ em
30312;Y;reproductive health;Sức khỏe sinh sản|Dân số và kế hoạch hóa gia đình
30301;Y;hospital management;Quản lý bệnh viện|Bảo hiểm y tế|Y tế cơ sở
30310;Y;occupational health;Sức khỏe nghề nghiệp|Bệnh bụi phổi thợ mỏ
30303;Z;nursing;Điều dưỡng|Chăm sóc người bệnh mạn tính|Kiểm soát nhiễm khuẩn
30304;Z;nutrition;Dinh dưỡng lâm sàng|Dinh dưỡng học đường
30401;P;pharmacology;Dược lý|Cảnh giác dược
30402;P;clinical pharmacy;Dược|Dược lâm sàng|Sử dụng kháng sinh hợp lý
30403;P;medicinal plants;Dược liệu|Cây thuốc dân tộc thiểu số|Chiết xuất hợp chất tự nhiên
30404;P;drug formulation;Hóa dược|Bào chế thuốc
30405;P;drug quality control;Kiểm nghiệm thuốc|Độc chất học
10201;I;computer science;Trí tuệ nhân tạo|Khoa học dữ liệu|Công nghệ phần mềm|Xử lý ngôn ngữ tiếng Việt|An toàn thông tin mạng
10202;I;digital government;Công nghệ thông tin|Chuyển đổi số|Chính quyền số|Cơ sở dữ liệu dùng chung|Hệ thống thông tin địa lý
20204;I;communication networks;Mạng máy tính|Truyền dẫn quang|Internet vạn vật
20205;I;telecommunications;Viễn thông|Phủ sóng di động vùng lõm
20206;I;embedded systems;Hệ thống nhúng|Thiết kế vi mạch
20102;C;construction engineering;Xây dựng|Xây dựng dân dụng và công nghiệp|Quản lý dự án xây dựng|Kinh tế xây dựng
20103;C;structural engineering;Kết cấu bê tông cốt thép|Hạ tầng kỹ thuật đô thị|Kết cấu thép
20104;C;transport engineering;Giao thông|Cầu đường bộ|Đường miền núi|An toàn giao thông
20106;C;geotechnical engineering;Địa kỹ thuật|Xử lý sạt lở mái dốc|Nền móng công trình
20507;C;building materials;Vật liệu xây dựng|Gạch không nung|Xi măng và phụ gia
20101;K;architecture;Kiến trúc|Kiến trúc nhà ở truyền thống|Công trình xanh
50703;K;urban planning;Quy hoạch đô thị|Quy hoạch nông thôn mới|Thiết kế cảnh quan
10509;E;environmental science;Môi trường|Đánh giá tác động môi trường|Quan trắc môi trường|Quản lý chất thải nguy hại
20799;E;waste treatment;Xử lý nước thải|Quản lý chất thải rắn|Xử lý khí thải
20801;E;environmental biotechnology;Công nghệ sinh học môi trường|Ủ phân hữu cơ
10511;E;climate change;Biến đổi khí hậu|Kiểm kê khí nhà kính|Thích ứng dựa vào hệ sinh thái
10510;E;meteorology;Khí tượng nông nghiệp|Cảnh báo thiên tai sớm
20704;E;remote sensing;Viễn thám|Giám sát lớp phủ bằng vệ tinh
10508;E;geodesy;Trắc địa và bản đồ|Quản lý đất đai|Đo đạc địa chính
10501;G;geology;Địa chất|Di sản công viên địa chất|Tai biến địa chất
10502;G;mineralogy;Khoáng vật học|Đánh giá trữ lượng khoáng sản
10504;G;geophysics;Địa vật lý|Thăm dò điện và từ
20705;G;mining;Khoáng sản|Khai thác mỏ lộ thiên|Tuyển khoáng|Phục hồi môi trường sau khai thác
20503;G;non-ferrous metallurgy;Luyện kim màu|Luyện antimon và mangan
20201;N;electrical engineering;Điện|Hệ thống điện|Lưới điện nông thôn|Thiết bị điện
20203;N;automation;Tự động hóa|Điều khiển quá trình|Giám sát SCADA
20703;N;renewable energy;Năng lượng|Thủy điện nhỏ|Điện mặt trời áp mái|Năng lượng sinh khối|Kiểm toán năng lượng
20313;N;power plant equipment;Tua-bin thủy lực|Thiết bị nhà máy điện
20301;J;mechanical engineering;Cơ khí|Công nghệ hàn|Bảo trì thiết bị công nghiệp
20305;J;farm machinery;Cơ giới hóa nông nghiệp|Máy chế biến chè|Máy nông nghiệp cho đất dốc
20307;J;automotive engineering;Kỹ thuật ô tô|Kiểm định xe cơ giới
20207;J;mechatronics;Cơ điện tử|Thiết bị đo và cảm biến
50501;L;law;Luật|Luật đất đai|Luật hành chính|Luật dân sự
50599;L;law and society;Tiếp cận pháp luật của người dân tộc thiểu số|Hòa giải ở cơ sở|Sở hữu trí tuệ
50602;L;public administration;Quản lý công|Cải cách hành chính|Chính sách công
50502;L;criminology;Tội phạm học|Phòng chống mua bán người
50201;D;economics;Kinh tế|Kinh tế nông nghiệp|Kinh tế phát triển|Chính sách giảm nghèo
50202;D;business management;Quản trị kinh doanh|Hợp tác xã kiểu mới|Khởi nghiệp đổi mới sáng tạo|Chuỗi giá trị nông sản
50299;D;finance;Tài chính|Tài chính công|Kế toán, kiểm toán|Tín dụng vi mô
50301;U;education;Giáo dục|Quản lý giáo dục|Lý luận và phương pháp dạy học|Giáo dục mầm non
50399;U;education of minority children;Giáo dục dân tộc|Dạy tiếng Việt cho học sinh dân tộc thiểu số|Giáo dục nghề nghiệp
50302;U;special education;Giáo dục hòa nhập|Giáo dục đặc biệt
50102;U;educational psychology;Tâm lý học đường|Tư vấn hướng nghiệp
50404;X;ethnology;Dân tộc học|Văn hóa dân tộc Tày|Tri thức bản địa|Luật tục của người Mông
602;X;minority languages;Ngôn ngữ dân tộc thiểu số|Chữ Nôm Tày|Chữ Nôm Dao|Văn học dân gian
604;X;folk arts;Âm nhạc dân gian|Then và đàn tính|Nghề dệt thổ cẩm
601;X;local history;Lịch sử địa phương|Khảo cổ học|Di tích lịch sử cách mạng
50804;X;culture;Văn hóa|Bảo tồn di sản văn hóa|Quản lý văn hóa
50702;X;tourism;Du lịch|Du lịch cộng đồng|Du lịch sinh thái|Phát triển điểm đến
50801;X;journalism;Báo chí|Truyền thông khoa học
50405;X;social work;Công tác xã hội|Bình đẳng giới
10102;S;applied mathematics;Toán ứng dụng|Tối ưu hóa
10103;S;statistics;Thống kê ứng dụng|Thiết kế điều tra mẫu
10304;S;radiation protection;An toàn bức xạ|Vật lý hạt nhân
10407;S;analytical chemistry;Hóa phân tích|Phân tích dư lượng
10401;S;natural products chemistry;Hóa hữu cơ|Tinh dầu
10603;S;microbiology;Vi sinh vật học|Sàng lọc chủng giống vi sinh
10609;S;genetics;Di truyền học|Bảo tồn nguồn gen
10616;S;biotechnology;Công nghệ sinh học|Sinh học phân tử";

/// Workplaces: province; kind (U teaching, R research, D agency, H health, S station, B company, K school);
/// tracks found there; name.
pub(super) const WORKPLACES: &str = "\
Tuyên Quang;D;FAVQWEG;Sở Nông nghiệp và Môi trường tỉnh Tuyên Quang
Tuyên Quang;D;IASNJE;Sở Khoa học và Công nghệ tỉnh Tuyên Quang
Tuyên Quang;D;YP;Sở Y tế tỉnh Tuyên Quang
Tuyên Quang;D;CK;Sở Xây dựng tỉnh Tuyên Quang
Tuyên Quang;D;NJDGO;Sở Công Thương tỉnh Tuyên Quang
Tuyên Quang;D;DL;Sở Tài chính tỉnh Tuyên Quang
Tuyên Quang;D;US;Sở Giáo dục và Đào tạo tỉnh Tuyên Quang
Tuyên Quang;D;X;Sở Văn hóa, Thể thao và Du lịch tỉnh Tuyên Quang
Tuyên Quang;D;L;Sở Tư pháp tỉnh Tuyên Quang
Tuyên Quang;D;F;Chi cục Kiểm lâm tỉnh Tuyên Quang
Tuyên Quang;D;A;Chi cục Trồng trọt và Bảo vệ thực vật tỉnh Tuyên Quang
Tuyên Quang;D;VQ;Chi cục Chăn nuôi, Thú y và Thủy sản tỉnh Tuyên Quang
Tuyên Quang;D;W;Chi cục Thủy lợi tỉnh Tuyên Quang
Tuyên Quang;S;F;Ban Quản lý rừng phòng hộ thượng nguồn sông Lô
Tuyên Quang;S;F;Ban Quản lý khu bảo tồn rừng núi đá vôi
Tuyên Quang;S;F;Hạt Kiểm lâm khu vực lòng hồ
Tuyên Quang;S;F;Trạm Thực nghiệm lâm sinh lưu vực sông Gâm
Tuyên Quang;S;AVQF;Trung tâm Khuyến nông tỉnh Tuyên Quang
Tuyên Quang;S;AO;Trạm Thực nghiệm chè và cây có múi
Tuyên Quang;S;VA;Trạm Giống vật nuôi và cây trồng vùng cao
Tuyên Quang;S;Q;Trạm Giống thủy sản lòng hồ
Tuyên Quang;S;EGW;Trung tâm Quan trắc tài nguyên và môi trường tỉnh Tuyên Quang
Tuyên Quang;S;AISNJO;Trung tâm Ứng dụng khoa học và công nghệ tỉnh Tuyên Quang
Tuyên Quang;S;I;Trung tâm Chuyển đổi số tỉnh Tuyên Quang
Tuyên Quang;S;PO;Trung tâm Kiểm nghiệm thuốc và thực phẩm tỉnh Tuyên Quang
Tuyên Quang;S;KC;Trung tâm Quy hoạch và Kiến trúc tỉnh Tuyên Quang
Tuyên Quang;S;X;Bảo tàng và Thư viện tỉnh Tuyên Quang
Tuyên Quang;H;MPZ;Bệnh viện Đa khoa khu vực trung tâm tỉnh
Tuyên Quang;H;MPZ;Bệnh viện Đa khoa khu vực thượng nguồn sông Lô
Tuyên Quang;H;MP;Bệnh viện Y dược cổ truyền tỉnh Tuyên Quang
Tuyên Quang;H;Y;Trung tâm Kiểm soát bệnh tật tỉnh Tuyên Quang
Tuyên Quang;H;MYPZ;Trung tâm Y tế khu vực hạ lưu sông Gâm
Tuyên Quang;U;AFUSXDILV;Trường Đại học Sông Lô
Tuyên Quang;U;JNCI;Trường Cao đẳng Kỹ thuật và Công nghệ sông Lô
Tuyên Quang;U;MZP;Trường Cao đẳng Y dược sông Lô
Tuyên Quang;K;USX;Trường Phổ thông dân tộc nội trú sông Gâm
Tuyên Quang;B;FJ;Công ty cổ phần Lâm nghiệp và Cơ khí sông Phó Đáy
Tuyên Quang;B;G;Công ty cổ phần Khoáng sản Lô Gâm
Tuyên Quang;B;NW;Công ty cổ phần Thủy điện sông Gâm
Tuyên Quang;B;CKW;Công ty cổ phần Tư vấn xây dựng Sông Lô
Hà Nội;R;F;Viện Nghiên cứu Lâm sinh miền núi
Hà Nội;R;FSE;Viện Đa dạng sinh học và Rừng nhiệt đới
Hà Nội;U;FEAVW;Trường Đại học Nông lâm Nhị Hà
Hà Nội;R;A;Viện Nghiên cứu Đất và Cây trồng cạn
Hà Nội;R;AO;Viện Nghiên cứu Rau quả và Chế biến
Hà Nội;R;V;Viện Nghiên cứu Chăn nuôi bản địa
Hà Nội;R;V;Viện Nghiên cứu Bệnh động vật
Hà Nội;R;Q;Viện Nghiên cứu Thủy sản nội địa
Hà Nội;R;W;Viện Nghiên cứu Công trình thủy lợi miền núi
Hà Nội;R;O;Viện Nghiên cứu Thực phẩm và Đồ uống
Hà Nội;H;MZP;Bệnh viện Đa khoa Nhị Hà
Hà Nội;H;MZ;Bệnh viện Phụ sản và Nhi Nhị Hà
Hà Nội;H;MP;Bệnh viện Y học dân tộc Nhị Hà
Hà Nội;U;MYZP;Trường Đại học Y Dược Nhị Hà
Hà Nội;R;Y;Viện Nghiên cứu Sức khỏe cộng đồng
Hà Nội;R;P;Viện Nghiên cứu Cây thuốc và Bào chế
Hà Nội;U;IS;Trường Đại học Tin học Nhị Hà
Hà Nội;R;I;Viện Nghiên cứu Dữ liệu và Chính quyền số
Hà Nội;B;I;Công ty cổ phần Giải pháp số Hồng Vân
Hà Nội;U;CKJN;Trường Đại học Kỹ thuật Nhị Hà
Hà Nội;R;C;Viện Nghiên cứu Cầu đường miền núi
Hà Nội;R;K;Viện Nghiên cứu Kiến trúc bản địa
Hà Nội;B;CK;Công ty cổ phần Tư vấn hạ tầng Hồng Vân
Hà Nội;R;E;Viện Nghiên cứu Khí hậu và Thiên tai
Hà Nội;R;E;Viện Nghiên cứu Chất thải và Nước sạch
Hà Nội;B;E;Công ty cổ phần Môi trường Hồng Vân
Hà Nội;R;G;Viện Nghiên cứu Địa chất vùng núi
Hà Nội;U;GE;Trường Đại học Tài nguyên Nhị Hà
Hà Nội;R;N;Viện Nghiên cứu Năng lượng phân tán
Hà Nội;B;NJ;Công ty cổ phần Cơ điện Hồng Vân
Hà Nội;R;J;Viện Nghiên cứu Máy nông nghiệp nhỏ
Hà Nội;U;L;Trường Đại học Pháp luật Nhị Hà
Hà Nội;R;L;Viện Nghiên cứu Pháp luật và Cộng đồng
Hà Nội;U;D;Trường Đại học Kinh tế Nhị Hà
Hà Nội;R;D;Viện Nghiên cứu Chính sách nông thôn
Hà Nội;U;US;Trường Đại học Giáo dục Nhị Hà
Hà Nội;R;X;Viện Nghiên cứu Văn hóa các dân tộc
Hà Nội;R;X;Viện Nghiên cứu Ngôn ngữ thiểu số
Hà Nội;U;X;Trường Đại học Văn hóa và Du lịch Nhị Hà
Hà Nội;R;S;Viện Nghiên cứu Khoa học cơ bản liên ngành
Thái Nguyên;U;FAVQ;Trường Đại học Nông lâm Việt Bắc
Thái Nguyên;U;MYZP;Trường Đại học Y Dược Việt Bắc
Thái Nguyên;U;IJN;Trường Đại học Kỹ thuật Việt Bắc
Thái Nguyên;U;USX;Trường Đại học Sư phạm Việt Bắc
Phú Thọ;R;F;Trung tâm Khoa học Lâm nghiệp đồi núi
Phú Thọ;R;A;Viện Nghiên cứu Chè miền núi
Lào Cai;S;AF;Trung tâm Nghiên cứu Cây ôn đới Hoàng Liên
Cao Bằng;D;XL;Trung tâm Nghiên cứu di sản và pháp luật vùng biên
Lạng Sơn;D;DL;Trung tâm Nghiên cứu kinh tế cửa khẩu
Điện Biên;S;FA;Trạm Thực nghiệm nông lâm kết hợp Tây Bắc
Lai Châu;S;QA;Trạm Nghiên cứu cá nước lạnh Tây Bắc
Sơn La;S;AOV;Trung tâm Nghiên cứu nông nghiệp cao nguyên
Bắc Ninh;B;NJI;Công ty cổ phần Điện tử Kinh Bắc Xanh
Quảng Ninh;R;GE;Viện Nghiên cứu An toàn mỏ Đông Bắc
Hải Phòng;R;QE;Viện Nghiên cứu Nuôi biển Bắc Bộ
Hưng Yên;B;OA;Công ty cổ phần Thực phẩm Phố Hiến Xanh
Ninh Bình;U;DX;Trường Đại học Kinh tế và Du lịch Tràng An
Thanh Hóa;U;AUL;Trường Đại học Hàm Rồng
Nghệ An;U;USLD;Trường Đại học Núi Quyết
Hà Tĩnh;S;FW;Ban Quản lý rừng đầu nguồn Ngàn Sâu
Quảng Trị;B;N;Công ty cổ phần Điện gió Khe Gió Xanh
Huế;U;MYPZ;Trường Đại học Y khoa Ngự Bình
Huế;R;XK;Viện Nghiên cứu Di sản miền Trung
Đà Nẵng;U;ICN;Trường Đại học Kỹ thuật sông Hàn
Quảng Ngãi;R;JO;Trung tâm Nghiên cứu Cơ khí và Chế biến Trà Khúc
Gia Lai;S;FAV;Trạm Thực nghiệm nông lâm Bắc Tây Nguyên
Khánh Hòa;R;QY;Viện Nghiên cứu Biển và Sức khỏe Nam Trung Bộ
Đắk Lắk;R;AEX;Viện Nghiên cứu Nông nghiệp và Tri thức Tây Nguyên
Lâm Đồng;R;SA;Viện Nghiên cứu Công nghệ sinh học Lang Biang
Đồng Nai;U;FJ;Trường Đại học Lâm nghiệp và Cơ khí Nam Bộ
Hồ Chí Minh;U;CKNI;Trường Đại học Kỹ thuật Gia Định
Hồ Chí Minh;H;MZP;Bệnh viện Đa khoa Bến Thuyền
Hồ Chí Minh;U;DLU;Trường Đại học Kinh tế và Luật Gia Định
Tây Ninh;S;EW;Trung tâm Quan trắc nguồn nước Vàm Cỏ
Đồng Tháp;S;QV;Trung tâm Giống vật nuôi và thủy sản Đồng Tháp Mười
Vĩnh Long;S;AO;Trung tâm Nghiên cứu Cây ăn trái sông Tiền
An Giang;R;W;Trung tâm Nghiên cứu Thủy lợi hạ lưu
Cần Thơ;U;AQISG;Trường Đại học Bến Ninh Kiều
Cà Mau;S;QFE;Trạm Thực nghiệm rừng ngập mặn Đất Mũi";
