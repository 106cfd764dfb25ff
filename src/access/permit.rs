//! The permit: proof that the caller may do what the handler does, and the only way to the database.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::net::IpAddr;

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};
use uuid::Uuid;

use super::actor::{AccountActor, Actor};
use super::identify::Caller;
use super::policy::{Policy, Reach};
use super::replay;
use crate::audit::event::{IntoEvents, Recorder};
use crate::db::{Conn, Reader};
use crate::http::envelope::request_id;
use crate::http::idempotency::Once;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;
use crate::state::State;

/// The action a permit was asked for; the log and the coverage test read it.
#[derive(Debug, Clone, Copy)]
pub struct Checked(pub &'static str);

/// Which rows exist for this caller; every store query takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// How far the caller's grant reaches.
    pub reach: Reach,
    /// The caller.
    pub actor: Actor,
}

impl Scope {
    /// The command line and periodic tasks.
    pub const SYSTEM: Self = Self { reach: Reach::All, actor: Actor::System };

    /// A short text that differs where callers see different rows; cursors are bound to it. Whose own record is another one
    /// than before sees other rows, too.
    pub fn audience(&self) -> String {
        match self.reach {
            Reach::Own | Reach::PublicAndOwn => {
                let (id, expert) = (self.actor.id().unwrap_or_default(), self.actor.expert_id().unwrap_or_default());
                format!("{}:{id}:{expert}", self.reach.label())
            }
            other => other.label().to_owned(),
        }
    }
}

/// A handler's first argument.
///
/// It is ready at once: the middleware has already verified the token and loaded the account, so a 401 or 403 always
/// beats an error in the body.
pub struct Permit<P> {
    scope: Scope,
    state: web::Data<State>,
    request_id: Option<Uuid>,
    address: Option<IpAddr>,
    policy: PhantomData<P>,
}

impl<P: Policy> FromRequest for Permit<P> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::check(req))
    }
}

impl<P: Policy> Permit<P> {
    fn check(req: &HttpRequest) -> Answer<Self> {
        req.extensions_mut().insert(Checked(P::RULE.action));
        let caller = req.extensions().get::<Caller>().cloned();
        let actor = match caller {
            Some(Caller(_)) if P::IGNORES_TOKEN => Actor::Anonymous,
            Some(Caller(result)) => result?,
            None => return Err(Problem::internal("the identify middleware is missing")),
        };
        let reach = P::RULE.reach_of(&actor);
        if reach == Reach::No {
            return Err(refusal(&actor));
        }
        let state = req.app_data::<web::Data<State>>().ok_or_else(|| Problem::internal("no state"))?;
        Ok(Self {
            scope: Scope { reach, actor },
            state: state.clone(),
            request_id: request_id(req),
            address: state.proxies.client(req),
            policy: PhantomData,
        })
    }

    /// The caller.
    pub const fn actor(&self) -> &Actor {
        &self.scope.actor
    }

    /// The caller as a person with an account.
    ///
    /// # Errors
    /// 403 for machine clients, which have no sessions and no password.
    pub fn account(&self) -> Answer<&AccountActor> {
        match self.actor() {
            Actor::Account(account) => Ok(account),
            _ => Err(Problem::new(Code::Forbidden)
                .detail(say!("Chỉ dành cho tài khoản của người dùng.", "For people's accounts only.",))),
        }
    }

    /// Where the request comes from.
    pub const fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// The row filter.
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// True when the caller's reach under another policy passes `enough`; for what a view offers, not for guarding.
    pub fn may<Q: Policy>(&self, enough: impl FnOnce(Reach) -> bool) -> bool {
        let reach = Q::RULE.reach_of(self.actor());
        reach != Reach::No && enough(reach)
    }

    /// The row filter of the same caller under another policy, for what an answer says about other things than its own.
    pub fn scope_under<Q: Policy>(&self) -> Scope {
        Scope { reach: Q::RULE.reach_of(self.actor()), actor: self.actor().clone() }
    }

    /// What the server shares.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Runs quick queries beside those of other requests over a shared connection; see [`crate::db::Db::quick`]. What reads
    /// by an index and ends in a millisecond belongs here, and nothing else.
    ///
    /// # Errors
    /// 503 when the database is away or busy; what the query says.
    pub async fn quick<T, E: Into<Problem>>(&self, work: impl AsyncFn(&Reader) -> Result<T, E>) -> Answer<T> {
        self.state.db.quick(P::RULE.action, work).await
    }

    /// A connection of one's own, for queries that take their time.
    ///
    /// # Errors
    /// 503 when the database is away or busy.
    pub async fn read(&self) -> Answer<Conn> {
        self.state.db.conn().await
    }

    /// Runs `work` in a transaction that commits together with its audit event, or rolls back.
    ///
    /// A caller who hangs up does not stop it: `http/envelope` runs every request in a task of its own.
    ///
    /// # Errors
    /// What `work` answers; 503 when the database is away.
    pub async fn write<T: 'static, E: IntoEvents>(
        &self,
        work: impl AsyncFnOnce(&mut Conn) -> Answer<(T, E)> + 'static,
    ) -> Answer<T> {
        let recorder = self.recorder();
        self.state
            .db
            .transaction(async |tx| {
                let (value, events) = work(tx).await?;
                recorder.record(tx, events.into_events()).await?;
                Ok(value)
            })
            .await
    }

    /// Like [`Permit::write`] for what may be sent again: with an `Idempotency-Key` that is known, `work` does not run and
    /// the id of what it made the first time is returned. Render it from the database, under today's permissions.
    ///
    /// # Errors
    /// As [`Permit::write`]; 409 while the first request still runs, 422 when the key stood for another body.
    pub async fn write_once<E: IntoEvents>(
        &self,
        once: Once,
        work: impl AsyncFnOnce(&mut Conn) -> Answer<(Uuid, E)> + 'static,
    ) -> Answer<Uuid> {
        let Some(key) = replay::Key::new(&once, self.actor(), &self.state.sealer) else {
            return self.write(work).await;
        };
        self.write(async move |tx| {
            if let Some(made) = key.take(tx).await? {
                return Ok((made, Vec::new()));
            }
            let (made, events) = work(tx).await?;
            key.keep(tx, made).await?;
            Ok((made, events.into_events()))
        })
        .await
    }

    /// Records that this answer shows restricted data of `people`, before it leaves.
    ///
    /// # Errors
    /// 503 when the database is away: then nothing is shown.
    pub async fn disclose(&self, people: &[Uuid]) -> Answer<()> {
        if people.is_empty() {
            return Ok(());
        }
        let mut conn = self.read().await?;
        self.recorder().disclose(&mut conn, people).await
    }

    fn recorder(&self) -> Recorder {
        Recorder {
            actor: self.scope.actor.clone(),
            action: P::RULE.action,
            request_id: self.request_id,
            address: self.address,
            sealer: self.state.sealer.clone(),
        }
    }
}

fn refusal(actor: &Actor) -> Problem {
    if *actor == Actor::Anonymous {
        return Problem::new(Code::Unauthenticated).detail(say!(
            "Đăng nhập ở POST /api/v1/auth/login rồi gửi Authorization: Bearer <access_token>.",
            "Sign in at POST /api/v1/auth/login and send Authorization: Bearer <access_token>.",
        ));
    }
    Problem::new(Code::Forbidden)
}
