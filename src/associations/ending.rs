//! What ends with an association: its terms, posts and memberships, and, when it is a Union, those of others in it.

use chrono::NaiveDate;
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::{Registry, TermRow, UnionRow};
use super::rules::ended;
use super::store;
use crate::db::Conn;
use crate::kernel::id::new_id;
use crate::kernel::problem::{Answer, Problem};
use crate::organisations::model::{Kind, after};
use crate::organisations::store as organisation_store;
use crate::say;

/// An association that ends.
pub(super) struct Gone<'a> {
    /// What was kept of it.
    pub registry: &'a Registry,
    /// Its last day.
    pub last: NaiveDate,
    /// Who alone takes its place.
    pub heir: Option<Uuid>,
}

impl Gone<'_> {
    /// Ends what would outlast it; what an event says of it. Who its members are is the experts' own to say.
    ///
    /// # Errors
    /// 422 for what begins later.
    pub async fn end_parts(&self, tx: &mut Conn) -> Answer<Value> {
        let ended = ended(self.registry, self.last)?;
        for term in &ended.terms {
            store::put_term(tx, term).await?;
        }
        store::remove_extensions(tx, &ended.gone).await?;
        store::put_extensions(tx, &ended.extensions).await?;
        store::put_officers(tx, &ended.officers).await?;
        for row in &ended.unions {
            store::put_union(tx, row).await?;
        }
        let members = self.hand_members_over(tx).await?;
        let terms: Vec<&TermRow> = self.registry.terms.iter().filter(|term| term.end() > self.last).collect();
        let (officers, unions) = (ended.officers.len(), ended.unions.len());
        Ok(json!({ "terms": terms, "officers": officers, "unions": unions, "members": members, "on": self.last }))
    }

    /// Ends the memberships in a Union, and lets them go on in the one that takes its place; whose they are.
    async fn hand_members_over(&self, tx: &mut Conn) -> Answer<Vec<Uuid>> {
        let rows = store::memberships_in(tx, self.registry.id(), self.last).await?;
        if let Some(later) = rows.iter().filter_map(|row| row.valid_from).filter(|from| *from > self.last).min() {
            let detail = say!(
                "Đã ghi một hội viên kết nạp từ {later}; hãy sửa trước.",
                "A member is admitted from {later}; correct that first.",
            );
            return Err(Problem::field("/effective_on", "out_of_life", detail));
        }
        let there = self.belonging_to_heir(tx).await?;
        for row in &rows {
            store::put_union(tx, &UnionRow { valid_to: Some(self.last), ..row.clone() }).await?;
            if let Some((heir, members)) = &there
                && !members.contains(&row.organisation_id)
            {
                store::put_union(tx, &self.goes_on(row, *heir)).await?;
            }
            store::touch(tx, row.organisation_id).await?;
        }
        Ok(rows.iter().map(|row| row.organisation_id).collect())
    }

    /// The Union that takes its place, and who needs no membership in it any more: itself, and who has one.
    async fn belonging_to_heir(&self, tx: &mut Conn) -> Answer<Option<(Uuid, Vec<Uuid>)>> {
        let Some(heir) = self.heir else { return Ok(None) };
        let bodies = organisation_store::bodies(tx, &[heir]).await?;
        if bodies.get(&heir).is_none_or(|body| body.kind != Kind::Union) {
            return Ok(None);
        }
        let known = store::memberships_in(tx, heir, self.last).await?;
        Ok(Some((heir, known.iter().map(|row| row.organisation_id).chain([heir]).collect())))
    }

    fn goes_on(&self, row: &UnionRow, heir: Uuid) -> UnionRow {
        UnionRow {
            id: new_id(),
            union_id: heir,
            valid_from: Some(after(self.last)),
            // one that was to end on a day does so
            valid_to: row.valid_to,
            ..row.clone()
        }
    }
}
