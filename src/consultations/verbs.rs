//! The verbs that move a consultation from state to state: `POST /consultations/{id}/submit`, `…/accept`, and so on. Which of them
//! is possible, for whom and with what, stands in `state.rs`.

mod forms;
mod step;

use actix_web::{HttpRequest, post};
use utoipa_actix_web::service_config::ServiceConfig;

pub use self::forms::RescheduleForm;
use self::forms::{
    AcceptanceForm, ClosureForm, CompletionForm, DeclineForm, DeliveryForm, DocumentedForm, ReasonedForm, RemarkForm,
    ResponseForm, SuspensionForm,
};
use self::step::take;
use super::policy::{DecideConsultation, FileConsultation, PrepareConsultation};
use super::state::Verb;
use super::view::Consultation;
use crate::access::permit::Permit;
use crate::http::body::{Body, MaybeBody};
use crate::http::idempotency::Once;
use crate::http::path::Id;
use crate::kernel::precondition::IfMatch;
use crate::kernel::problem::Answer;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(submit_consultation)
        .service(request_completion)
        .service(accept_consultation)
        .service(decline_consultation)
        .service(form_panel)
        .service(approve_panel)
        .service(conclude_consultation)
        .service(reopen_review)
        .service(deliver_report)
        .service(respond_to_report)
        .service(close_consultation)
        .service(reschedule_consultation)
        .service(suspend_consultation)
        .service(resume_consultation)
        .service(withdraw_consultation)
        .service(cancel_consultation);
}

/// Declares the operations of verbs: each is the same step with a form of its own.
macro_rules! verb {
    ($(#[$($doc:tt)+])+ $name:ident $path:tt $policy:ident $action:tt $verb:ident maybe $form:ident) => {
        $(#[$($doc)+])+
        #[utoipa::path(
            tag = "consultations",
            params(("id" = Uuid, Path, description = "Id of the consultation"), IfMatch, Once),
            request_body = Option<$form>,
            security(("session" = [$action])),
            responses((status = 200, description = "The consultation as it is now", body = Consultation)),
        )]
        #[post($path)]
        async fn $name(
            permit: Permit<$policy>,
            id: Id,
            if_match: IfMatch,
            once: Once,
            MaybeBody(body): MaybeBody<$form>,
            req: HttpRequest,
        ) -> Answer {
            let once = once.of(&body);
            take(permit, id, (if_match, once), (Verb::$verb, body.0.into()), req).await
        }
    };
    ($(#[$($doc:tt)+])+ $name:ident $path:tt $policy:ident $action:tt $verb:ident $form:ident) => {
        $(#[$($doc)+])+
        #[utoipa::path(
            tag = "consultations",
            params(("id" = Uuid, Path, description = "Id of the consultation"), IfMatch, Once),
            request_body = $form,
            security(("session" = [$action])),
            responses((status = 200, description = "The consultation as it is now", body = Consultation)),
        )]
        #[post($path)]
        async fn $name(
            permit: Permit<$policy>,
            id: Id,
            if_match: IfMatch,
            once: Once,
            body: Body<$form>,
            req: HttpRequest,
        ) -> Answer {
            let once = once.of(&body);
            take(permit, id, (if_match, once), (Verb::$verb, body.0.into()), req).await
        }
    };
}

verb! {
    /// Send a request in
    ///
    /// By the asker, with the whole file: letter, object, deciding authority, planned decision, questions, contact person, funding
    /// proposal, a file of what is judged, and the word that nothing in it is a state secret. Also what was to be completed is
    /// sent in again so; the Union's clock then goes on.
    submit_consultation "/consultations/{id}/submit" FileConsultation "consultations.file" Submit maybe RemarkForm
}

verb! {
    /// Return a request for completion
    ///
    /// With what is missing. The Union's clock stops, the asker's begins.
    request_completion "/consultations/{id}/request-completion" PrepareConsultation "consultations.prepare"
    RequestCompletion CompletionForm
}

verb! {
    /// Accept a request
    ///
    /// By a leader. It gets its number in the register, without gaps for each kind and year. Where there is little time before the
    /// decision it is accepted as `urgent`, and where there is even less with `short_time`.
    accept_consultation "/consultations/{id}/accept" DecideConsultation "consultations.decide" Accept maybe AcceptanceForm
}

verb! {
    /// Decline a request
    ///
    /// By a leader, with a reason from the list and in words.
    decline_consultation "/consultations/{id}/decline" DecideConsultation "consultations.decide" Decline DeclineForm
}

verb! {
    /// Begin to form the panel
    ///
    /// The Union's office looks for experts.
    form_panel "/consultations/{id}/form-panel" PrepareConsultation "consultations.prepare" FormPanel maybe RemarkForm
}

verb! {
    /// Approve the panel
    ///
    /// By a leader, with the decision on it. The experts begin.
    approve_panel "/consultations/{id}/approve-panel" DecideConsultation "consultations.decide" ApprovePanel DocumentedForm
}

verb! {
    /// Begin to conclude
    ///
    /// The opinions are in; the report is drafted. So many must count as a panel of the kind has members; where one of those who sit
    /// said nothing, a reason says why it is not waited for, which the Union alone reads. Invitations nobody answered end.
    conclude_consultation "/consultations/{id}/conclude" PrepareConsultation "consultations.prepare" Conclude maybe RemarkForm
}

verb! {
    /// Give opinions once more
    ///
    /// By a leader, with a reason, before the report is delivered: when too few count, or somebody new is to be heard. A draft of the
    /// conclusion stays, and is brought up to date when it is saved.
    reopen_review "/consultations/{id}/reopen-review" DecideConsultation "consultations.decide" ReopenReview ReasonedForm
}

verb! {
    /// Deliver the report
    ///
    /// By a leader, once the conclusion is signed: its number and date are those of the report. The asker's time to reply begins.
    deliver_report "/consultations/{id}/deliver" DecideConsultation "consultations.decide" Deliver maybe DeliveryForm
}

verb! {
    /// Reply to the report
    ///
    /// By the asker, with the letter that says what becomes of each recommendation, and why it is not adopted or only in part. The Union
    /// enters a reply that came on paper. It may come late.
    respond_to_report "/consultations/{id}/respond" FileConsultation "consultations.file" Respond ResponseForm
}

verb! {
    /// Close a consultation
    ///
    /// The file is archived, with the decision that was made in the end, or a word why it is not known. Where no reply came, with a word
    /// about that.
    close_consultation "/consultations/{id}/close" PrepareConsultation "consultations.prepare" Close maybe ClosureForm
}

verb! {
    /// Reschedule a consultation
    ///
    /// By a leader, with a reason: another deadline by agreement, the usual one again (`null`), a decision that was put off, or another
    /// urgency. An agreed deadline is that very day; suspensions after the agreement move it, so none is agreed while it stands still.
    reschedule_consultation "/consultations/{id}/reschedule" DecideConsultation "consultations.decide" Reschedule RescheduleForm
}

verb! {
    /// Suspend a consultation
    ///
    /// No clock runs until it is resumed, and it goes on where it was. The planned decision stays where it is.
    suspend_consultation "/consultations/{id}/suspend" PrepareConsultation "consultations.prepare" Suspend SuspensionForm
}

verb! {
    /// Resume a consultation
    ///
    /// It goes back to the state it was suspended from, with the working days that were left.
    resume_consultation "/consultations/{id}/resume" PrepareConsultation "consultations.prepare" Resume maybe RemarkForm
}

verb! {
    /// Withdraw a request
    ///
    /// By the asker, before the report is delivered, with a reason; a draft without one. The Union does it for an asker who wrote a
    /// letter, which is then named.
    withdraw_consultation "/consultations/{id}/withdraw" FileConsultation "consultations.file" Withdraw maybe ReasonedForm
}

verb! {
    /// Cancel a consultation
    ///
    /// By a leader, with a reason.
    cancel_consultation "/consultations/{id}/cancel" DecideConsultation "consultations.decide" Cancel maybe ReasonedForm
}
