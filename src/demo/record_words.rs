//! Word lists of the rest of a demo record, kept as those of [`words`](super::words): rows by line, columns by `;`,
//! alternatives by `|`. Schools abroad are invented like those at home.

/// Where somebody studied whose track no school of the demo teaches.
pub(super) const SCHOOL: &str = "Trường Đại học Sông Lô";

/// Countries and schools of doctorates taken abroad.
pub(super) const ABROAD: &str = "\
JP;Đại học Núi Tuyết
AU;Đại học Bờ Nam
FR;Viện Khoa học Thung lũng Xanh
DE;Đại học Rừng Sồi
KR;Đại học Sông Bạc
CN;Đại học Hồ Tây
RU;Viện Hàn lâm Bạch Dương
BE;Đại học Cửa Biển";

/// Professional titles by kind of workplace, from beginner to professor.
pub(super) const PROFESSIONAL_TITLES: &str = "\
U;Giảng viên (hạng III)|Giảng viên (hạng III)|Giảng viên chính (hạng II)|Giảng viên cao cấp (hạng I)
R;Nghiên cứu viên (hạng III)|Nghiên cứu viên (hạng III)|Nghiên cứu viên chính (hạng II)|Nghiên cứu viên cao cấp (hạng I)
D;Chuyên viên|Chuyên viên|Chuyên viên chính|Chuyên viên cao cấp
K;Giáo viên (hạng III)|Giáo viên (hạng III)|Giáo viên (hạng II)|Giáo viên (hạng I)
S;Kỹ sư (hạng III)|Kỹ sư (hạng III)|Kỹ sư chính (hạng II)|Kỹ sư cao cấp (hạng I)";

/// What a unit of a workplace is called after, by track.
pub(super) const UNITS: &str = "\
F;Lâm nghiệp|Lâm sinh|Quản lý tài nguyên rừng
A;Nông học|Trồng trọt|Bảo vệ thực vật
V;Chăn nuôi thú y|Chăn nuôi
Q;Thủy sản
W;Thủy lợi|Tài nguyên nước
O;Công nghệ thực phẩm|Chế biến nông sản
M;Nội tổng hợp|Ngoại tổng hợp|Nhi
Y;Y tế công cộng|Kiểm soát bệnh tật
Z;Điều dưỡng
P;Dược
I;Công nghệ thông tin|Chuyển đổi số
C;Xây dựng|Kỹ thuật công trình
K;Kiến trúc|Quy hoạch
E;Môi trường|Bảo vệ môi trường
G;Địa chất|Khoáng sản
N;Điện - Điện tử|Năng lượng
J;Cơ khí|Kỹ thuật cơ khí
L;Luật|Pháp chế
D;Kinh tế|Quản lý kinh tế
U;Giáo dục học|Tâm lý - Giáo dục
X;Văn hóa|Xã hội và Nhân văn
S;Khoa học cơ bản|Thí nghiệm trung tâm";

/// Names one writes under.
pub(super) const PEN_NAMES: &str = "Sông Lô|Nà Hang|Tân Trào|Đồng Văn|Sông Gâm|Chiêm Hóa";

/// First posts.
pub(super) const FIRST_POSTS: &str = "Nhân viên|Cán bộ kỹ thuật|Chuyên viên|Trợ lý nghiên cứu";

/// Projects: `{s}` is the specialty in the middle of a sentence, `{p}` a place.
pub(super) const PROJECTS: &str = "Nghiên cứu, ứng dụng {s} {p}|Xây dựng mô hình {s} {p}|Đánh giá thực trạng và đề xuất giải pháp về {s} {p}|Cơ sở khoa học để phát triển {s} {p}|Chuyển giao tiến bộ kỹ thuật trong lĩnh vực {s} {p}";
/// The programmes they belong to.
pub(super) const PROGRAMMES: &str = "Đề tài khoa học và công nghệ cấp tỉnh|Đề tài cấp cơ sở|Đề tài cấp bộ|Dự án thuộc Chương trình nông thôn miền núi|Nhiệm vụ khoa học và công nghệ cấp quốc gia";

/// Awards and who gives them.
pub(super) const AWARDS: &str = "\
Giải Nhất Hội thi Sáng tạo kỹ thuật cấp tỉnh;Liên hiệp các Hội Khoa học và Kỹ thuật tỉnh
Giải Nhì Hội thi Sáng tạo kỹ thuật cấp tỉnh;Liên hiệp các Hội Khoa học và Kỹ thuật tỉnh
Giải Khuyến khích Hội thi Sáng tạo kỹ thuật toàn quốc;Liên hiệp các Hội Khoa học và Kỹ thuật Việt Nam
Bằng khen về hoạt động khoa học và công nghệ;Ủy ban nhân dân tỉnh
Giải thưởng Khoa học và Công nghệ cấp tỉnh;Ủy ban nhân dân tỉnh
Bằng Lao động sáng tạo;Tổng Liên đoàn Lao động Việt Nam";

/// Titles of patents: `{s}` is the specialty.
pub(super) const PATENTS: &str = "Quy trình kỹ thuật về {s}|Phương pháp và thiết bị dùng trong {s}|Hệ thống hỗ trợ {s}";

/// Councils and reviews.
pub(super) const COUNCILS: &str = "Hội đồng tư vấn tuyển chọn nhiệm vụ khoa học và công nghệ cấp tỉnh|Hội đồng nghiệm thu đề tài cấp tỉnh|Hội đồng sáng kiến cấp tỉnh|Hội đồng phản biện dự thảo quy hoạch|Hội đồng chấm luận văn thạc sĩ|Hội đồng thẩm định đề án cấp ngành";

/// What shows that somebody is held in esteem.
pub(super) const STANDING: &str = "Được cử vào hội đồng khoa học của đơn vị nhiều nhiệm kỳ|Chủ trì đề tài được ứng dụng rộng rãi trong tỉnh|Được các sở, ngành mời tư vấn thường xuyên|Có công trình được trao giải cấp tỉnh";

/// Three sentences of a life: `{n}` years, `{s}` and `{o}` specialties, `{w}` the workplace, `{v}` the province.
pub(super) const BIOGRAPHY_FIRST: &str = "Hơn {n} năm gắn bó với lĩnh vực {s}.|Bắt đầu làm việc trong lĩnh vực {s} từ {n} năm trước và theo đuổi đến nay.|{n} năm công tác, phần lớn dành cho {s}.";
pub(super) const BIOGRAPHY_SECOND: &str = "Công tác tại {w}, {v}, trực tiếp triển khai nhiều mô hình ở cơ sở.|Từng tham gia xây dựng các đề án của {v} có liên quan đến {o}.|Tham gia đào tạo, tập huấn cho cán bộ kỹ thuật và người dân ở các xã vùng cao.|Hướng dẫn nhiều đồng nghiệp trẻ tại {w}.";
pub(super) const BIOGRAPHY_THIRD: &str = "Quan tâm đến {o} gắn với sinh kế của đồng bào dân tộc thiểu số.|Sẵn sàng tham gia tư vấn, phản biện các đề án về {o}.|Mong muốn đưa kết quả nghiên cứu về {o} vào thực tiễn địa phương.";
