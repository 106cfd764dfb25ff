//! Associations as they are shown, as things stood on a day.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{Paper, Registry};
use super::parts::{Charter, KnownExperts, Officer, SpecialStatusView, StatusView, Term, UnionMembership};
use super::status::{self, Verb};
use super::store::Standing;
use super::words::{AssociationKind, AssociationScope, AssociationStatus, SpecialStatus};
use crate::db::Conn;
use crate::fields::store as field_store;
use crate::kernel::clock::today;
use crate::kernel::document::DocumentReference;
use crate::kernel::problem::Answer;
use crate::organisations::model::Body;
use crate::organisations::view::{
    FormerName, Matched, Organisation, OrganisationRef, ProvinceName, Relation, known_on,
};
use crate::reference::places::Places;

/// An association in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssociationCard {
    /// Its id: that of the organisation it is.
    pub id: Uuid,
    /// Its code in the register.
    #[schema(example = "HLV-TQ")]
    pub code: String,
    /// Its name on that day.
    #[schema(example = "Hội Làm vườn tỉnh Tuyên Quang")]
    pub name: String,
    /// International name.
    pub name_en: Option<String>,
    /// Abbreviation.
    pub short_name: Option<String>,
    /// What kind.
    #[schema(value_type = AssociationKind)]
    pub kind: String,
    /// Where it works.
    #[schema(value_type = AssociationScope)]
    pub scope: String,
    /// The district or commune, or the provinces of an inter-provincial one.
    pub area: Option<String>,
    /// Its province on that day.
    pub province: Option<ProvinceName>,
    /// How it stood.
    #[schema(value_type = AssociationStatus)]
    pub status: String,
    /// A task from Party or State.
    #[schema(value_type = Option<SpecialStatus>)]
    pub special_status: Option<String>,
    /// Its fields with their scheme, the main one first.
    #[schema(example = json!(["BKHCN-2008:401"]))]
    pub fields: Vec<String>,
    /// Whether it belonged to a Union.
    pub union_member: bool,
    /// There since, where known.
    pub valid_from: Option<NaiveDate>,
    /// There until, where that was known on the day.
    pub valid_to: Option<NaiveDate>,
    /// Which name fits, in answer to `q`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched: Option<Matched>,
}

impl AssociationCard {
    /// A row of a list.
    pub fn new(row: Standing, places: &Places, day: NaiveDate, matched: Option<Matched>) -> Self {
        Self {
            id: row.id,
            code: row.code,
            name: row.name,
            name_en: row.name_en,
            short_name: row.short_name,
            kind: row.kind,
            scope: row.scope,
            area: row.area,
            province: ProvinceName::at(places, row.province_id, day),
            status: row.state,
            special_status: row.special_status,
            fields: row.fields,
            union_member: row.member,
            valid_from: row.valid_from,
            valid_to: known_on(day, row.valid_to),
            matched,
        }
    }
}

/// A field by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssociationFieldView {
    /// Its scheme.
    #[schema(example = "BKHCN-2008")]
    scheme: String,
    /// Its code.
    #[schema(example = "401")]
    code: String,
    /// Its name.
    name: Option<String>,
    /// Whether it is the main one.
    main: bool,
}

/// How many members it has.
#[derive(Debug, Serialize, ToSchema)]
pub struct MembersView {
    /// The year they were counted.
    year: i16,
    /// Official members, people and organisations.
    official: i64,
}

/// An association.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssociationView {
    /// Its id: that of the organisation it is.
    id: Uuid,
    /// Its code in the register.
    #[schema(example = "HLV-TQ")]
    code: String,
    /// Its name on that day; of one that is no more the last.
    #[schema(example = "Hội Làm vườn tỉnh Tuyên Quang")]
    name: String,
    /// International name.
    name_en: Option<String>,
    /// Abbreviation.
    short_name: Option<String>,
    /// Name in a minority language.
    minority_name: Option<String>,
    /// Names it bore before that day.
    former_names: Vec<FormerName>,
    /// Names in use beside the official one.
    other_names: Vec<String>,
    /// What kind.
    kind: AssociationKind,
    /// Where it works.
    scope: AssociationScope,
    /// The district or commune, or the provinces of an inter-provincial one.
    area: Option<String>,
    /// Its province on that day.
    province: Option<ProvinceName>,
    /// The body it stands under.
    parent: Option<OrganisationRef>,
    /// The department that is competent for its field.
    department: Option<OrganisationRef>,
    /// Its fields, the main one first.
    fields: Vec<AssociationFieldView>,
    /// How it stood.
    status: AssociationStatus,
    /// Since when, until when, by what decision.
    standing: StatusView,
    /// There since, where known.
    valid_from: Option<NaiveDate>,
    /// There until, where that was known on the day.
    valid_to: Option<NaiveDate>,
    /// The recognition of its founding committee.
    committee_document: Option<DocumentReference>,
    /// The founding decision.
    founding_document: Option<DocumentReference>,
    /// A task from Party or State.
    special_status: Option<SpecialStatusView>,
    /// The charter in force.
    charter: Option<Charter>,
    /// The term of that day, or the last before it.
    term: Option<Term>,
    /// Who held a post on that day, the highest first.
    officers: Vec<Officer>,
    /// The Unions it belonged to.
    unions: Vec<UnionMembership>,
    /// Official members, as last counted.
    members: Option<MembersView>,
    /// Address of its office.
    headquarters: Option<String>,
    /// Telephone of its office.
    phone: Option<String>,
    /// E-mail of its office.
    email: Option<String>,
    /// Web site.
    website: Option<String>,
    /// Tax code.
    tax_code: Option<String>,
    /// What it came from.
    predecessors: Vec<Relation>,
    /// What took its place or came out of it.
    successors: Vec<Relation>,
    /// Who holds its place on that day, when it is no more.
    today: Vec<OrganisationRef>,
    /// For the Union: the verbs that are possible now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["suspend", "begin-dissolution", "succeed"]))]
    allowed_actions: Option<Vec<&'static str>>,
    /// Where this entry comes from.
    source: String,
    /// Remarks.
    note: Option<String>,
    /// The day of the answer.
    as_of: NaiveDate,
}

/// What a caller sees beside what everybody does.
#[derive(Debug, Clone, Copy)]
pub struct Sight {
    /// Why states were changed.
    pub file: bool,
    /// What may be done.
    pub manage: bool,
}

/// What an association says at a day, with what it needs from other tables.
pub struct Shown<'a> {
    /// The organisation.
    pub body: &'a Body,
    /// What is kept beside it.
    pub registry: &'a Registry,
    /// The day.
    pub day: NaiveDate,
    /// Who looks.
    pub sight: Sight,
}

/// How an association stood on a day, from its organisation and its states.
pub fn status_on(organisation: &Organisation, registry: &Registry, day: NaiveDate) -> AssociationStatus {
    if organisation.valid_to.is_none_or(|to| day <= to) {
        return registry.state(day.max(organisation.valid_from.unwrap_or(day)));
    }
    let ending = organisation.successors.iter().find(|relation| relation.kind.ends_predecessor());
    ending.map_or(AssociationStatus::Dissolved, |relation| status::after(AssociationStatus::Active, relation.kind))
}

impl Shown<'_> {
    /// Builds it.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn view(
        self,
        conn: &mut Conn,
        organisation: Organisation,
        known: &KnownExperts,
    ) -> Answer<AssociationView> {
        let Shown { body, registry, day, sight, .. } = self;
        let record = &registry.record;
        let mut ids: Vec<Uuid> = registry.unions_on(day).map(|row| row.union_id).collect();
        ids.extend(record.department_id);
        let bodies = crate::organisations::store::bodies(conn, &ids).await?;
        let status = status_on(&organisation, registry, day);
        let year = i16::try_from(chrono::Datelike::year(&day)).unwrap_or(i16::MAX);
        let shown_day = day.max(organisation.valid_from.unwrap_or(day));
        let (committee_document, founding_document) = self.founding(day);
        let officers = registry.officers_on(shown_day);
        let actions = || status::possible(status).map(Verb::as_str).collect();
        Ok(AssociationView {
            id: organisation.id,
            fields: fields(conn, registry).await?,
            status,
            standing: self.standing(&organisation, status),
            valid_from: organisation.valid_from,
            valid_to: organisation.valid_to,
            committee_document,
            founding_document,
            special_status: registry.special(day).map(|row| SpecialStatusView::new(row, day)),
            charter: registry.charter(day).map(Charter::from),
            term: registry.latest_term(day).map(|row| Term::new(row, registry, day, sight.file)),
            officers: officers.into_iter().map(|row| Officer::new(row, registry, known).on(day)).collect(),
            unions: registry.unions_on(day).map(|row| UnionMembership::new(row, &bodies, day)).collect(),
            members: registry.official_members(year).map(|(year, official)| MembersView { year, official }),
            department: record.department_id.and_then(|id| OrganisationRef::at(bodies.get(&id)?, day)),
            allowed_actions: (sight.manage && day == today()).then(actions),
            minority_name: record.minority_name.clone(),
            kind: record.kind,
            scope: record.scope,
            area: record.area.clone(),
            headquarters: record.headquarters.clone(),
            phone: record.phone.clone(),
            email: record.email.clone(),
            website: record.website.clone(),
            tax_code: record.tax_code.clone(),
            source: body.source.clone(),
            note: body.note.clone(),
            as_of: day,
            code: organisation.code,
            name: organisation.name,
            name_en: organisation.name_en,
            short_name: organisation.short_name,
            former_names: organisation.former_names,
            other_names: organisation.other_names,
            province: organisation.province,
            parent: organisation.parent,
            predecessors: organisation.predecessors,
            successors: organisation.successors,
            today: organisation.today,
        })
    }

    /// The recognition of the founding committee and the founding decision: the latter is that with which it became active,
    /// or what it began with when it was never being prepared.
    fn founding(&self, day: NaiveDate) -> (Option<DocumentReference>, Option<DocumentReference>) {
        let states = &self.registry.states;
        let reference = |paper: &Option<Paper>| paper.clone().map(DocumentReference::from);
        let first = self.body.versions.first().and_then(|version| version.document.clone()).map(Into::into);
        let Some(prepared) = states.iter().find(|row| row.state == AssociationStatus::Preparing) else {
            return (None, first);
        };
        let founded = states.iter().find(|row| row.state == AssociationStatus::Active);
        let founded = founded.filter(|row| row.valid_from.is_none_or(|from| from <= day));
        (reference(&prepared.document).or(first), founded.and_then(|row| reference(&row.document)))
    }

    fn standing(&self, organisation: &Organisation, status: AssociationStatus) -> StatusView {
        let day = self.day.max(organisation.valid_from.unwrap_or(self.day));
        if !status.is_over() {
            let row = self.registry.state_row(day).map(|row| StatusView::row(row, self.day, self.sight.file));
            let always = || StatusView {
                status,
                since: organisation.valid_from,
                valid_to: None,
                until: None,
                document: None,
                reason: None,
            };
            return row.unwrap_or_else(always);
        }
        let ending = organisation.successors.iter().find(|relation| relation.kind.ends_predecessor());
        StatusView {
            status,
            since: organisation.valid_to.map(crate::organisations::model::after),
            valid_to: None,
            until: None,
            document: ending.and_then(|relation| relation.document.clone()).or_else(|| self.dissolved_by()),
            reason: None,
        }
    }

    fn dissolved_by(&self) -> Option<DocumentReference> {
        let row = self.registry.states.iter().find(|row| row.state == AssociationStatus::Dissolved);
        row.and_then(|row| row.document.clone()).map(Into::into)
    }
}

async fn fields(conn: &mut Conn, registry: &Registry) -> Answer<Vec<AssociationFieldView>> {
    let codes: Vec<&str> = registry.fields.iter().map(|field| field.code.as_str()).collect();
    let names = field_store::with_ancestors(conn, &codes).await?;
    let view = |field: &super::model::AssociationField| AssociationFieldView {
        scheme: field.scheme.clone(),
        code: field.code.clone(),
        name: names
            .iter()
            .find(|row| row.scheme == field.scheme && row.code == field.code)
            .map(|row| row.name_vi.clone()),
        main: field.main,
    };
    Ok(registry.fields.iter().map(view).collect())
}
