//! Accounts, for the administrator.

use actix_web::{HttpRequest, HttpResponse, get, patch, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::model::{self, Standing};
use super::policy::{ManageAccounts, ReadAccounts};
use super::store::{self, AccountRow};
use super::view::Account;
use crate::access::actor::Role;
use crate::access::permit::Permit;
use crate::access::token::Opaque;
use crate::audit::event::Event;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::params::Params;
use crate::http::path::Id;
use crate::kernel::clock::now;
use crate::kernel::id::new_id;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::patch::Change;
use crate::kernel::precondition::{IfMatch, fresh, fresh_page, written};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(create_account)
        .service(list_accounts)
        .service(read_account)
        .service(patch_account)
        .service(disable_account)
        .service(enable_account)
        .service(issue_reset_token);
}

/// A new account. It has no password: issue a one-time reset token for its owner.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "so-nong-nghiep", "display_name": "Văn phòng Sở", "role": "auditor"}))]
pub struct NewAccount {
    /// 2 to 64 of `a-z 0-9 . _ -`.
    pub username: String,
    /// The name to show.
    pub display_name: String,
    /// Its role.
    pub role: Role,
    /// Required for `association`, `agency` and `science_dept`.
    #[serde(default)]
    pub organisation_id: Option<Uuid>,
    /// Required for `expert`, and only there.
    #[serde(default)]
    pub expert_id: Option<Uuid>,
}

impl NewAccount {
    /// The row to insert.
    ///
    /// # Errors
    /// 422 with every place at fault.
    pub fn into_row(self) -> Answer<AccountRow> {
        let standing = Standing { role: self.role, organisation_id: self.organisation_id, expert_id: self.expert_id };
        let username = model::username(&self.username);
        let display_name = model::display_name("/display_name", &self.display_name);
        let standing = standing.check();
        let problems = [username.as_ref().err(), display_name.as_ref().err(), standing.as_ref().err()];
        let faults = problems.into_iter().flatten().flat_map(|problem| problem.errors().to_vec()).collect();
        if let Some(problem) = Problem::fields(faults) {
            return Err(problem);
        }
        Ok(AccountRow {
            id: new_id(),
            version: 1,
            username: username?,
            display_name: display_name?,
            role: self.role.as_str().to_owned(),
            organisation_id: self.organisation_id,
            expert_id: self.expert_id,
            demo: false,
            disabled_at: None,
            created_at: now(),
            updated_at: now(),
        })
    }
}

/// The event of a new account.
pub fn created_event(row: &AccountRow) -> Event {
    Event::on("account", row.id)
        .action("accounts.create")
        .fields(["username", "display_name", "role", "organisation_id", "expert_id"])
        .values(json!({ "username": row.username, "role": row.role, "organisation_id": row.organisation_id }))
}

/// Create an account
///
/// It has no password yet: issue a one-time reset token, with which its owner sets one.
#[utoipa::path(
    tag = "accounts",
    params(Once),
    request_body = NewAccount,
    security(("session" = ["accounts.manage"])),
    responses((status = 201, description = "Created", body = Account)),
)]
#[post("/accounts")]
async fn create_account(permit: Permit<ManageAccounts>, once: Once, body: Body<NewAccount>) -> Answer {
    let id = permit
        .write_once(once.of(&body), async move |tx| {
            let row = body.0.into_row()?;
            store::insert(tx, &row, None).await?;
            Ok((row.id, created_event(&row)))
        })
        .await?;
    let row = store::find(&mut permit.read().await?, id).await?;
    written(Some(&format!("/api/v1/accounts/{id}")), row.version, &Account::from(row))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AccountQuery {
    /// Only this role.
    #[param(inline)]
    role: Option<Role>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List accounts
///
/// In the order of user names.
#[utoipa::path(
    tag = "accounts",
    params(AccountQuery),
    security(("session" = ["accounts.read"])),
    responses((status = 200, description = "A page of accounts", body = Page<Account>)),
)]
#[get("/accounts")]
async fn list_accounts(permit: Permit<ReadAccounts>, query: Params<AccountQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    let cursors = Cursors::of(&permit.state().sealer, &req, &permit.scope().audience());
    let after = cursors.open(query.cursor.as_deref())?;
    let role = query.role.map(Role::as_str);
    let rows = store::list(&mut permit.read().await?, role, after, query.limit.probe()).await?;
    fresh_page(&req, "private", &cursors.page(rows, query.limit, |row| row.username.clone(), Account::from)?)
}

/// Read an account
///
/// Its ETag is what the operations that change it want as `If-Match`.
#[utoipa::path(
    tag = "accounts",
    params(("id" = Uuid, Path, description = "The account")),
    security(("session" = ["accounts.read"])),
    responses((status = 200, description = "The account", body = Account)),
)]
#[get("/accounts/{id}")]
async fn read_account(permit: Permit<ReadAccounts>, id: Id, req: HttpRequest) -> Answer {
    let row = store::find(&mut permit.read().await?, id.0).await?;
    let version = permit.may::<ManageAccounts>(|_| true).then_some(row.version);
    fresh(&req, version, "private", &Account::from(row))
}

/// Changes to an account, as a merge patch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"display_name": "Phòng Tổng hợp"}))]
struct AccountPatch {
    /// The name to show.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    display_name: Change<String>,
    /// Its role; a change ends all its sessions.
    #[serde(default)]
    #[schema(value_type = Option<Role>)]
    role: Change<Role>,
    /// The organisation it acts for.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    organisation_id: Change<Uuid>,
    /// The expert it is.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    expert_id: Change<Uuid>,
}

impl AccountPatch {
    /// The row after the patch and the names of what changed.
    fn apply(self, old: &AccountRow) -> Answer<(AccountRow, Vec<&'static str>)> {
        let mut new = old.clone();
        match self.display_name {
            Change::Keep => {}
            Change::Clear => return Err(not_null("/display_name")),
            Change::Set(name) => new.display_name = model::display_name("/display_name", &name)?,
        }
        match self.role {
            Change::Keep => {}
            Change::Clear => return Err(not_null("/role")),
            Change::Set(role) => new.role = role.as_str().to_owned(),
        }
        new.organisation_id = self.organisation_id.apply(old.organisation_id);
        new.expert_id = self.expert_id.apply(old.expert_id);
        let role = Role::parse(&new.role).ok_or_else(|| not_null("/role"))?;
        Standing { role, organisation_id: new.organisation_id, expert_id: new.expert_id }.check()?;
        let changed = [
            ("display_name", new.display_name != old.display_name),
            ("role", new.role != old.role),
            ("organisation_id", new.organisation_id != old.organisation_id),
            ("expert_id", new.expert_id != old.expert_id),
        ];
        Ok((new, changed.into_iter().filter_map(|(name, changed)| changed.then_some(name)).collect()))
    }
}

fn not_null(pointer: &str) -> Problem {
    Problem::field(pointer, "required", say!("Không được để trống.", "It must not be empty."))
}

/// Change an account
///
/// A change of role, organisation or person ends its sessions: the next sign-in has the new rights.
#[utoipa::path(
    tag = "accounts",
    params(("id" = Uuid, Path, description = "The account"), IfMatch),
    request_body = AccountPatch,
    security(("session" = ["accounts.manage"])),
    responses((status = 200, description = "The account as it is now", body = Account)),
)]
#[patch("/accounts/{id}")]
async fn patch_account(permit: Permit<ManageAccounts>, id: Id, if_match: IfMatch, body: Body<AccountPatch>) -> Answer {
    let row = permit
        .write(async move |tx| {
            let old = store::lock(tx, id.0).await?;
            if_match.check(old.version)?;
            let (new, changed) = body.0.apply(&old)?;
            if changed.is_empty() {
                return Ok((old, None));
            }
            if old.role == "admin" && new.role != "admin" {
                keep_an_admin(tx, old.id).await?;
            }
            if changed.iter().any(|field| *field != "display_name") {
                store::end_sessions(tx, old.id, None, "role").await?;
            }
            let values = json!({ "role": [old.role, new.role] });
            let row = store::update(tx, &new).await?;
            Ok((row, Some(Event::on("account", old.id).action("accounts.update").fields(changed).values(values))))
        })
        .await?;
    written(None, row.version, &Account::from(row))
}

/// Somebody must be left who can manage accounts.
async fn keep_an_admin(tx: &mut Conn, id: Uuid) -> Answer<()> {
    if store::other_admins(tx, id).await? > 0 {
        return Ok(());
    }
    Err(Problem::new(Code::Conflict).detail(say!(
        "Đây là quản trị viên cuối cùng; hãy tạo một quản trị viên khác trước.",
        "This is the last administrator; create another one first.",
    )))
}

/// Disable an account
///
/// Its sessions end at once. Nothing is deleted: what it did stays attributed.
#[utoipa::path(
    tag = "accounts",
    params(("id" = Uuid, Path, description = "The account"), IfMatch, Once),
    security(("session" = ["accounts.manage"])),
    responses((status = 200, description = "The account as it is now", body = Account)),
)]
#[post("/accounts/{id}/disable")]
async fn disable_account(permit: Permit<ManageAccounts>, id: Id, if_match: IfMatch, once: Once) -> Answer {
    let id = permit
        .write_once(once, async move |tx| {
            let mut row = store::lock(tx, id.0).await?;
            if_match.check(row.version)?;
            // one that a merge closed would be opened by its undo: what is decided meanwhile counts
            let waits = row.role == "expert" && row.expert_id.is_none();
            if row.disabled_at.is_some() && !waits {
                return Ok((row.id, None));
            }
            if row.role == "admin" {
                keep_an_admin(tx, row.id).await?;
            }
            row.disabled_at = row.disabled_at.or_else(|| Some(now()));
            store::end_sessions(tx, row.id, None, "disabled").await?;
            let event = Event::on("account", row.id).action("accounts.disable").fields(["enabled"]);
            Ok((store::update(tx, &row).await?.id, Some(event)))
        })
        .await?;
    let row = store::find(&mut permit.read().await?, id).await?;
    written(None, row.version, &Account::from(row))
}

/// Disables the account of an expert who died; none when there is none that is open.
///
/// # Errors
/// 503 when the database is away.
pub async fn close_of_expert(tx: &mut Conn, expert: Uuid) -> Answer<Option<Event>> {
    let Some(mut row) = store::of_expert(tx, expert).await?.filter(|row| row.disabled_at.is_none()) else {
        return Ok(None);
    };
    row.disabled_at = Some(now());
    store::end_sessions(tx, row.id, None, "disabled").await?;
    store::update(tx, &row).await?;
    Ok(Some(Event::on("account", row.id).action("accounts.disable").fields(["enabled"])))
}

/// Enable an account again
///
/// Its owner signs in with the old password; sessions that were ended stay ended.
#[utoipa::path(
    tag = "accounts",
    params(("id" = Uuid, Path, description = "The account"), IfMatch, Once),
    security(("session" = ["accounts.manage"])),
    responses((status = 200, description = "The account as it is now", body = Account)),
)]
#[post("/accounts/{id}/enable")]
async fn enable_account(permit: Permit<ManageAccounts>, id: Id, if_match: IfMatch, once: Once) -> Answer {
    let id = permit
        .write_once(once, async move |tx| {
            let mut row = store::lock(tx, id.0).await?;
            if_match.check(row.version)?;
            if row.disabled_at.take().is_none() {
                return Ok((row.id, None));
            }
            if row.role == "expert" && row.expert_id.is_none() {
                return Err(Problem::new(Code::Conflict).detail(say!(
                    "Hồ sơ của tài khoản này đã được gộp vào hồ sơ khác, có tài khoản riêng; hoàn tác lần gộp thì mở lại được.",
                    "The record of this account was merged into one that has an account of its own; undoing the merge opens it.",
                )));
            }
            let event = Event::on("account", row.id).action("accounts.enable").fields(["enabled"]);
            Ok((store::update(tx, &row).await?.id, Some(event)))
        })
        .await?;
    let row = store::find(&mut permit.read().await?, id).await?;
    written(None, row.version, &Account::from(row))
}

/// A one-time token for the owner of the account.
#[derive(Debug, Serialize, ToSchema)]
struct ResetToken {
    /// For `POST /auth/reset`; shown this once.
    #[schema(example = "ebp_77a0…")]
    token: String,
    /// Good until.
    expires_at: DateTime<Utc>,
}

/// Issue a one-time reset token
///
/// Hand it to the owner of the account, who sets a password with it. Earlier tokens of the account stop working.
#[utoipa::path(
    tag = "accounts",
    params(("id" = Uuid, Path, description = "The account")),
    security(("session" = ["accounts.manage"])),
    responses((status = 201, description = "The token, shown once", body = ResetToken)),
)]
#[post("/accounts/{id}/reset-token")]
async fn issue_reset_token(permit: Permit<ManageAccounts>, id: Id) -> Answer {
    let token = Opaque::new("ebp")?;
    let hash = token.hash.clone();
    let expires_at = permit
        .write(async move |tx| {
            let account = store::lock(tx, id.0).await?;
            let expires_at = store::add_reset(tx, account.id, &hash).await?;
            Ok((expires_at, Event::on("account", account.id).action("accounts.issue_reset")))
        })
        .await?;
    Ok(HttpResponse::Created().json(ResetToken { token: token.text.into_inner(), expires_at }))
}
