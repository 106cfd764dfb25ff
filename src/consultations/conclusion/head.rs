//! What stands at the head of a report, looked up as it was on its day: who issues it, under whom, where.

use chrono::NaiveDate;

use super::docx::{Letterhead, Paper, docx};
use super::model::ConclusionRow;
use crate::associations::store::home_union;
use crate::consultations::model::Case;
use crate::db::Conn;
use crate::kernel::clock::today;
use crate::kernel::problem::{Answer, Code};
use crate::organisations::store as organisation_store;
use crate::organisations::view::{OrganisationRef, ProvinceName};
use crate::reference::places::Places;

/// The Union on a day, by the register; blank where it is not known which one this server works for.
async fn letterhead(conn: &mut Conn, day: NaiveDate) -> Answer<Letterhead> {
    let Some(key) = home_union(conn, day).await? else { return Ok(Letterhead::default()) };
    let body = match organisation_store::find(conn, &key).await {
        Ok(body) => body,
        Err(problem) if problem.code() == Code::NotFound => return Ok(Letterhead::default()),
        Err(problem) => return Err(problem),
    };
    let Some(version) = body.at_or_last(day).or_else(|| body.versions.first()) else {
        return Ok(Letterhead::default());
    };
    let above: Vec<_> = version.parent_id.into_iter().collect();
    let above = organisation_store::bodies(conn, &above).await?.into_values().next();
    let places = Places::read(conn).await?;
    Ok(Letterhead {
        superior: above.and_then(|body| OrganisationRef::at(&body, day)).map(|body| body.name),
        issuer: version.name.clone(),
        short_name: version.short_name.clone(),
        place: ProvinceName::at(&places, version.province_id, day).map(|province| province.name),
    })
}

/// The name of who asks, on a day.
///
/// # Errors
/// 503 when the database is away.
pub async fn asker(conn: &mut Conn, case: &Case, day: NaiveDate) -> Answer<String> {
    let bodies = organisation_store::bodies(conn, &[case.row.asker_id]).await?;
    let name = bodies.into_values().next().and_then(|body| OrganisationRef::at(&body, day)).map(|body| body.name);
    Ok(name.unwrap_or_default())
}

/// A version as a text document.
///
/// # Errors
/// 503 when the database is away.
pub async fn document(
    conn: &mut Conn,
    case: &Case,
    row: &ConclusionRow,
    before: Option<&ConclusionRow>,
) -> Answer<Vec<u8>> {
    let day = row.report.as_ref().and_then(|report| report.letter.date).unwrap_or_else(today);
    let head = letterhead(conn, day).await?;
    let asker = asker(conn, case, day).await?;
    let corrected = before.and_then(|before| before.report.as_ref()).map(|report| &report.letter);
    docx(&Paper {
        head,
        kind: case.row.kind,
        title: &case.row.title,
        asker: &asker,
        authority: case.row.authority_name.as_deref(),
        questions: &case.row.questions,
        content: &row.content,
        report: row.report.as_ref(),
        corrects: corrected.zip(row.correction_reason.as_deref()),
    })
}
