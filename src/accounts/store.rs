//! All SQL of accounts, sessions and API clients.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::model::{RESET_HOURS, SESSION_IDLE_DAYS, SESSION_MAX_DAYS};
use crate::db::schema::{accounts, api_clients, password_resets, refresh_tokens, sessions};
use crate::db::{Conn, Reader};
use crate::kernel::clock::now;
use crate::kernel::problem::{Answer, Code, Problem, on_constraint};
use crate::say;

/// An account, without its password.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = accounts)]
#[expect(missing_docs, reason = "columns")]
pub struct AccountRow {
    pub id: Uuid,
    pub version: i64,
    pub username: String,
    pub display_name: String,
    pub role: String,
    pub organisation_id: Option<Uuid>,
    pub expert_id: Option<Uuid>,
    pub demo: bool,
    pub disabled_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What a new or changed account refers to may not exist, or be taken.
fn account_fault(error: diesel::result::Error) -> Problem {
    use diesel::result::Error::DatabaseError;
    let constraint = match &error {
        DatabaseError(_, info) => info.constraint_name().unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    match constraint.as_str() {
        "accounts_username_key" => Problem::new(Code::Conflict).and_field(
            "/username",
            "taken",
            say!("Tên đăng nhập đã có người dùng; chọn tên khác.", "The user name is taken; choose another.",),
        ),
        "accounts_expert_id_key" => Problem::new(Code::Conflict).and_field(
            "/expert_id",
            "taken",
            say!("Chuyên gia này đã có tài khoản.", "This expert has an account already.",),
        ),
        "accounts_organisation_id_fkey" => unknown("/organisation_id"),
        "accounts_expert_id_fkey" => unknown("/expert_id"),
        _ => error.into(),
    }
}

fn unknown(pointer: &str) -> Problem {
    Problem::field(pointer, "unknown_reference", say!("Không có mã này.", "There is no such id."))
}

/// Inserts an account with an optional password hash.
pub async fn insert(tx: &mut Conn, row: &AccountRow, password_hash: Option<String>) -> Answer<()> {
    diesel::insert_into(accounts::table)
        .values((row.clone(), accounts::password_hash.eq(password_hash)))
        .execute(tx)
        .await
        .map_err(account_fault)?;
    Ok(())
}

/// Writes all that may change, with a new version.
pub async fn update(tx: &mut Conn, row: &AccountRow) -> Answer<AccountRow> {
    diesel::update(accounts::table.find(row.id))
        .set((
            accounts::version.eq(accounts::version + 1),
            accounts::display_name.eq(&row.display_name),
            accounts::role.eq(&row.role),
            accounts::organisation_id.eq(row.organisation_id),
            accounts::expert_id.eq(row.expert_id),
            accounts::disabled_at.eq(row.disabled_at),
            accounts::updated_at.eq(now()),
        ))
        .returning(AccountRow::as_returning())
        .get_result(tx)
        .await
        .map_err(account_fault)
}

/// An account by id.
pub async fn find(conn: &mut Conn, id: Uuid) -> Answer<AccountRow> {
    Ok(accounts::table.find(id).select(AccountRow::as_select()).first(conn).await?)
}

/// An account by id, locked until the transaction ends.
pub async fn lock(tx: &mut Conn, id: Uuid) -> Answer<AccountRow> {
    Ok(accounts::table.find(id).select(AccountRow::as_select()).for_update().first(tx).await?)
}

/// The account of an expert, locked until the transaction ends.
pub async fn of_expert(tx: &mut Conn, expert: Uuid) -> Answer<Option<AccountRow>> {
    let query = accounts::table.filter(accounts::expert_id.eq(expert)).select(AccountRow::as_select());
    Ok(query.for_update().first(tx).await.optional()?)
}

/// True when an expert has an account.
pub async fn has_expert(mut conn: &Reader, expert: Uuid) -> Answer<bool> {
    let query = accounts::table.filter(accounts::expert_id.eq(expert)).select(accounts::id);
    Ok(diesel::select(diesel::dsl::exists(query)).get_result(&mut conn).await?)
}

/// Counts the live administrators other than `id`, one caller at a time: two admins who disable each other at once must
/// not both succeed, and locking each other's rows would be a deadlock.
pub async fn other_admins(tx: &mut Conn, id: Uuid) -> Answer<i64> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtext('accounts/last-admin'))").execute(tx).await?;
    let admins = accounts::table.filter(accounts::role.eq("admin").and(accounts::disabled_at.is_null()));
    Ok(admins.filter(accounts::id.ne(id)).count().get_result(tx).await?)
}

/// Accounts by user name, after `after`.
pub async fn list(conn: &mut Conn, role: Option<&str>, after: Option<String>, limit: i64) -> Answer<Vec<AccountRow>> {
    let mut query = accounts::table.select(AccountRow::as_select()).order(accounts::username).limit(limit).into_boxed();
    if let Some(role) = role {
        query = query.filter(accounts::role.eq(role.to_owned()));
    }
    if let Some(after) = after {
        query = query.filter(accounts::username.gt(after));
    }
    Ok(query.load(conn).await?)
}

/// The account and its password hash, by user name.
pub async fn credentials(conn: &mut Conn, username: &str) -> Answer<Option<(AccountRow, Option<String>)>> {
    let query = accounts::table.filter(accounts::username.eq(username));
    Ok(query.select((AccountRow::as_select(), accounts::password_hash)).first(conn).await.optional()?)
}

/// The password hash of an account.
pub async fn password_hash(conn: &mut Conn, id: Uuid) -> Answer<Option<String>> {
    Ok(accounts::table.find(id).select(accounts::password_hash).first(conn).await?)
}

/// Sets a password; it is no demo password any more.
pub async fn set_password(tx: &mut Conn, id: Uuid, hash: &str) -> Answer<()> {
    diesel::update(accounts::table.find(id))
        .set((accounts::password_hash.eq(hash), accounts::demo.eq(false), accounts::updated_at.eq(now())))
        .execute(tx)
        .await?;
    Ok(())
}

/// A session.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = sessions)]
#[expect(missing_docs, reason = "columns")]
pub struct SessionRow {
    pub id: Uuid,
    pub user_agent: Option<String>,
    pub created_at: DateTime<Utc>,
    pub used_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Opens a session with its first refresh token.
pub async fn open_session(tx: &mut Conn, id: Uuid, account: Uuid, agent: Option<String>, token: &[u8]) -> Answer<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(id),
            sessions::account_id.eq(account),
            sessions::user_agent.eq(agent),
            sessions::expires_at.eq(now() + TimeDelta::days(SESSION_IDLE_DAYS)),
        ))
        .execute(tx)
        .await?;
    add_refresh_token(tx, id, token).await
}

/// Keeps the hash of a refresh token.
pub async fn add_refresh_token(tx: &mut Conn, session: Uuid, token: &[u8]) -> Answer<()> {
    diesel::insert_into(refresh_tokens::table)
        .values((refresh_tokens::token_hash.eq(token), refresh_tokens::session_id.eq(session)))
        .execute(tx)
        .await?;
    Ok(())
}

/// What a refresh token belongs to.
#[derive(Debug, Queryable)]
#[expect(missing_docs, reason = "columns")]
pub struct Refresh {
    pub session_id: Uuid,
    pub session_created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub used_at: Option<DateTime<Utc>>,
    pub account_id: Uuid,
}

/// A refresh token with its session, both locked: of two uses at once, the second sees the first.
pub async fn lock_refresh(tx: &mut Conn, token: &[u8]) -> Answer<Option<Refresh>> {
    Ok(refresh_tokens::table
        .inner_join(sessions::table)
        .filter(refresh_tokens::token_hash.eq(token))
        .select((
            sessions::id,
            sessions::created_at,
            sessions::expires_at,
            sessions::ended_at,
            refresh_tokens::used_at,
            sessions::account_id,
        ))
        .for_update()
        .first(tx)
        .await
        .optional()?)
}

/// Marks a refresh token used and moves the session's end.
pub async fn use_refresh(tx: &mut Conn, token: &[u8], refresh: &Refresh) -> Answer<()> {
    let now = now();
    diesel::update(refresh_tokens::table.find(token)).set(refresh_tokens::used_at.eq(now)).execute(tx).await?;
    let latest = refresh.session_created_at + TimeDelta::days(SESSION_MAX_DAYS);
    let expires = (now + TimeDelta::days(SESSION_IDLE_DAYS)).min(latest);
    diesel::update(sessions::table.find(refresh.session_id))
        .set((sessions::used_at.eq(now), sessions::expires_at.eq(expires)))
        .execute(tx)
        .await?;
    Ok(())
}

/// Live sessions of an account, the latest first.
pub async fn list_sessions(conn: &mut Conn, account: Uuid) -> Answer<Vec<SessionRow>> {
    Ok(sessions::table
        .filter(sessions::account_id.eq(account).and(sessions::ended_at.is_null()).and(sessions::expires_at.gt(now())))
        .order(sessions::id.desc())
        .limit(100)
        .select(SessionRow::as_select())
        .load(conn)
        .await?)
}

/// Ends one live session of an account; false when there is none such.
pub async fn end_session(tx: &mut Conn, account: Uuid, session: Uuid, by: &str) -> Answer<bool> {
    let live = sessions::table.find(session).filter(sessions::account_id.eq(account).and(sessions::ended_at.is_null()));
    let set = (sessions::ended_at.eq(now()), sessions::ended_by.eq(by));
    Ok(diesel::update(live).set(set).execute(tx).await? > 0)
}

/// Ends all live sessions of an account but one.
pub async fn end_sessions(tx: &mut Conn, account: Uuid, but: Option<Uuid>, by: &str) -> Answer<()> {
    let live = sessions::table.filter(
        sessions::account_id
            .eq(account)
            .and(sessions::ended_at.is_null())
            .and(sessions::id.ne(but.unwrap_or_default())),
    );
    diesel::update(live).set((sessions::ended_at.eq(now()), sessions::ended_by.eq(by))).execute(tx).await?;
    Ok(())
}

/// Keeps a one-time reset token; earlier ones of the account are spent.
pub async fn add_reset(tx: &mut Conn, account: Uuid, token: &[u8]) -> Answer<DateTime<Utc>> {
    let open =
        password_resets::table.filter(password_resets::account_id.eq(account).and(password_resets::used_at.is_null()));
    diesel::update(open).set(password_resets::used_at.eq(now())).execute(tx).await?;
    let expires = now() + TimeDelta::hours(RESET_HOURS);
    diesel::insert_into(password_resets::table)
        .values((
            password_resets::token_hash.eq(token),
            password_resets::account_id.eq(account),
            password_resets::expires_at.eq(expires),
        ))
        .execute(tx)
        .await?;
    Ok(expires)
}

/// The account a reset token was issued for; `None` when it is unknown, spent or too old.
pub async fn reset_owner(tx: &mut Conn, token: &[u8]) -> Answer<Option<Uuid>> {
    let open = password_resets::table
        .find(token)
        .filter(password_resets::used_at.is_null().and(password_resets::expires_at.gt(now())));
    Ok(open.select(password_resets::account_id).first(tx).await.optional()?)
}

/// Spends a reset token; false when it is unknown, spent or too old.
pub async fn use_reset(tx: &mut Conn, token: &[u8]) -> Answer<bool> {
    let open = password_resets::table
        .find(token)
        .filter(password_resets::used_at.is_null().and(password_resets::expires_at.gt(now())));
    Ok(diesel::update(open).set(password_resets::used_at.eq(now())).execute(tx).await? > 0)
}

/// An API client, without its secret.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_clients)]
#[expect(missing_docs, reason = "columns")]
pub struct ClientRow {
    pub id: Uuid,
    pub name: String,
    pub role: String,
    pub organisation_id: Uuid,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Inserts an API client.
pub async fn insert_client(tx: &mut Conn, row: &ClientRow, secret: &[u8]) -> Answer<()> {
    diesel::insert_into(api_clients::table)
        .values((row.clone(), api_clients::secret_hash.eq(secret)))
        .execute(tx)
        .await
        .map_err(|error| on_constraint(error, "api_clients_organisation_id_fkey", || unknown("/organisation_id")))?;
    Ok(())
}

/// API clients, the latest first.
pub async fn list_clients(conn: &mut Conn, before: Option<Uuid>, limit: i64) -> Answer<Vec<ClientRow>> {
    let mut query =
        api_clients::table.select(ClientRow::as_select()).order(api_clients::id.desc()).limit(limit).into_boxed();
    if let Some(before) = before {
        query = query.filter(api_clients::id.lt(before));
    }
    Ok(query.load(conn).await?)
}

/// Revokes a live API client.
pub async fn revoke_client(tx: &mut Conn, id: Uuid) -> Answer<()> {
    let live = api_clients::table.find(id).filter(api_clients::revoked_at.is_null());
    let revoked = diesel::update(live).set(api_clients::revoked_at.eq(now())).execute(tx).await?;
    if revoked == 0 { Err(Problem::new(Code::NotFound)) } else { Ok(()) }
}

/// The hash of a live client's secret.
pub async fn client_secret(conn: &mut Conn, id: Uuid) -> Answer<Option<(ClientRow, Vec<u8>)>> {
    let live = api_clients::table.find(id).filter(api_clients::revoked_at.is_null());
    Ok(live.select((ClientRow::as_select(), api_clients::secret_hash)).first(conn).await.optional()?)
}
