//! The closed list of problem codes: one line each, with status and title in both languages.

use super::problem::Say;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $status:literal $name:literal, $vi:literal, $en:literal;)+) => {
        /// What kind of problem; the name is stable, the titles may be reworded.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $variant),+ }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Stable name for programs.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }

            /// Title in both languages.
            pub fn title(self) -> Say {
                let (vi, en) = match self { $(Self::$variant => ($vi, $en)),+ };
                Say { vi: vi.to_owned(), en: en.to_owned() }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    MalformedJson = 400 "malformed_json", "Nội dung gửi lên không phải JSON hợp lệ", "The body is not valid JSON";
    /// A query parameter is unknown or malformed.
    InvalidQuery = 400 "invalid_query", "Tham số truy vấn không hợp lệ", "Invalid query parameter";
    /// A cursor of another query, another caller, or altered.
    InvalidCursor = 400 "invalid_cursor", "Con trỏ trang không hợp lệ", "Invalid cursor";
    /// Anything else about the request line or its headers.
    BadRequest = 400 "bad_request", "Yêu cầu không hợp lệ", "Bad request";
    /// No credentials.
    Unauthenticated = 401 "unauthenticated", "Cần đăng nhập", "Sign-in required";
    /// The access token is wrong, expired or revoked.
    InvalidToken = 401 "invalid_token", "Mã truy cập không hợp lệ hoặc đã hết hạn", "The access token is invalid or has expired";
    /// Wrong user name or password.
    InvalidCredentials = 401 "invalid_credentials", "Sai tên đăng nhập hoặc mật khẩu", "Wrong user name or password";
    /// The role may not do this.
    Forbidden = 403 "forbidden", "Tài khoản không có quyền làm việc này", "This account may not do that";
    /// A disabled account gave the right password.
    AccountDisabled = 403 "account_disabled", "Tài khoản đã bị khóa", "The account is disabled";
    /// A published demo password on an address others can reach.
    DemoOnly = 403 "demo_only", "Tài khoản minh họa chỉ dùng trên máy này", "Demo accounts work on this machine only";
    /// It does not exist, or the caller may not know that it does.
    NotFound = 404 "not_found", "Không tìm thấy", "Not found";
    /// The path exists, the method does not.
    MethodNotAllowed = 405 "method_not_allowed", "Phương thức không được hỗ trợ", "Method not allowed";
    /// The body did not arrive in time.
    RequestTimeout = 408 "request_timeout", "Gửi nội dung quá chậm", "The body did not arrive in time";
    /// The state of things forbids it now.
    Conflict = 409 "conflict", "Xung đột với dữ liệu hiện có", "Conflict with existing data";
    /// If-Match names another version.
    PreconditionFailed = 412 "precondition_failed", "Dữ liệu đã được người khác sửa", "Someone else has changed this";
    /// The body is over the limit.
    PayloadTooLarge = 413 "payload_too_large", "Nội dung gửi lên quá lớn", "The body is too large";
    /// The body is of another media type.
    UnsupportedMediaType = 415 "unsupported_media_type", "Kiểu nội dung không được hỗ trợ", "Unsupported media type";
    /// An Idempotency-Key came again with another body.
    IdempotencyMismatch = 422 "idempotency_mismatch", "Khóa Idempotency-Key đã dùng cho nội dung khác", "The Idempotency-Key was used with another body";
    /// The form or a rule is broken; see `errors`.
    Invalid = 422 "invalid", "Dữ liệu chưa hợp lệ", "Invalid data";
    /// If-Match is missing.
    PreconditionRequired = 428 "precondition_required", "Cần tiêu đề If-Match", "If-Match is required";
    /// The headers are over the limit.
    HeadersTooLarge = 431 "headers_too_large", "Tiêu đề yêu cầu quá lớn", "The request headers are too large";
    /// Too many failed sign-ins.
    TooManyRequests = 429 "too_many_requests", "Thử quá nhiều lần", "Too many attempts";
    /// A fault of the server.
    Internal = 500 "internal", "Lỗi hệ thống", "Internal error";
    /// Away for a moment.
    Unavailable = 503 "unavailable", "Hệ thống tạm thời chưa sẵn sàng", "Temporarily unavailable";
}
