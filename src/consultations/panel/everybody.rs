//! Several pools of candidates as one list of people, which a joint proposal is about.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::order::order;
use super::pool::Pool;
use crate::panels::solver::joint::{JointClash, shortlist};
use crate::panels::solver::panel::{Candidate, Order, Panel, Reason, Rule};
use crate::panels::solver::search::Effort;

/// People of all requests in one order.
pub struct Everybody {
    /// For each request everybody, in the same order: who is none of its candidates never sits.
    pub people: Vec<Vec<Candidate>>,
    /// The orders over these.
    pub orders: Vec<Order>,
    /// How many of these panels each can sit on.
    pub spare: Vec<usize>,
    /// For each request: where a person stands in its own pool.
    places: Vec<HashMap<usize, usize>>,
}

impl Everybody {
    /// Of pools, nobody on more than `most` panels. Only those come in who could be needed.
    pub fn new(pools: &[Pool], most: usize, effort: &Effort) -> Self {
        let sizes: usize = pools.iter().map(|pool| pool.order.size()).sum();
        let ids: BTreeSet<Uuid> = pools
            .iter()
            .flat_map(|pool| {
                let beside = sizes - pool.order.size();
                shortlist(&pool.people, &pool.order, beside, effort)
                    .into_iter()
                    .filter_map(|place| pool.ids.get(place).copied())
            })
            .collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let joint: HashMap<Uuid, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        let own_places = |pool: &Pool| pool.ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        let owns: Vec<HashMap<Uuid, usize>> = pools.iter().map(own_places).collect();
        let (mut people, mut places) = (Vec::new(), Vec::new());
        for (pool, own) in pools.iter().zip(&owns) {
            let here =
                |id: &Uuid| own.get(id).and_then(|place| pool.people.get(*place)).cloned().unwrap_or_else(absent);
            people.push(ids.iter().map(here).collect());
            places.push(ids.iter().enumerate().filter_map(|(place, id)| Some((place, *own.get(id)?))).collect());
        }
        let spare = ids.iter().map(|id| spare(pools, &owns, *id, most)).collect();
        let orders = pools.iter().map(|pool| order(&pool.form, &pool.named, &joint)).collect();
        Self { people, orders, spare, places }
    }

    /// Names people of a panel by their places in their own pool.
    pub fn rename(&self, request: usize, panel: &mut Panel) {
        let Some(places) = self.places.get(request) else { return };
        let own = |place: usize| places.get(&place).copied();
        for seat in &mut panel.seats {
            seat.candidate = own(seat.candidate).unwrap_or(usize::MAX);
            seat.alternates = seat.alternates.iter().filter_map(|place| own(*place)).collect();
            for reason in &mut seat.reasons {
                if let Reason::Needed(rule) = reason {
                    *rule = renamed(*rule, &own);
                }
            }
        }
    }

    /// The same of a clash.
    pub fn rename_clash(&self, clash: &mut JointClash) {
        let Some(places) = self.places.get(clash.request) else { return };
        let own = |place: usize| places.get(&place).copied();
        let clash = &mut clash.clash;
        clash.rules.iter_mut().for_each(|rule| *rule = renamed(*rule, &own));
        for weakened in clash.relaxation.iter_mut().flat_map(|relaxation| &mut relaxation.rules) {
            weakened.rule = renamed(weakened.rule, &own);
            weakened.to = weakened.to.map(|rule| renamed(rule, &own));
        }
    }
}

fn renamed(rule: Rule, own: &dyn Fn(usize) -> Option<usize>) -> Rule {
    match rule {
        Rule::Include { candidate } => Rule::Include { candidate: own(candidate).unwrap_or(usize::MAX) },
        Rule::Exclude { candidate } => Rule::Exclude { candidate: own(candidate).unwrap_or(usize::MAX) },
        other => other,
    }
}

/// Somebody who is no candidate of a request.
const fn absent() -> Candidate {
    Candidate {
        scores: [0.0; 4],
        degree: 0,
        fields: Vec::new(),
        employer: None,
        outside_province: false,
        outside_asker: false,
        load: 0,
        conflicted: true,
    }
}

/// How many of these panels somebody can sit on: by `most` and by what they said they take, and never fewer than ask for them by name.
/// What they do on any of these panels now is no work beside them. A rule about loads is one of its own request, and counts what
/// somebody does before these.
fn spare(pools: &[Pool], owns: &[HashMap<Uuid, usize>], id: Uuid, most: usize) -> usize {
    let named = pools.iter().filter(|pool| pool.named.include.contains(&id)).count();
    let room = pools.iter().zip(owns).enumerate().filter_map(|(at, (pool, own))| {
        let room = own.get(&id).and_then(|place| pool.room.get(*place)).copied().flatten()?;
        let seats = pools.iter().enumerate().filter(|(other, pool)| *other != at && pool.seated.contains(&id)).count();
        Some(usize::try_from(room).unwrap_or(usize::MAX).saturating_add(seats))
    });
    room.min().unwrap_or(usize::MAX).min(most).min(pools.len()).max(named)
}

/// Who is asked for by name more often than they can sit: where the name stands that is one too many, `(request, place in its list)`.
pub fn named_too_often(pools: &[Pool], most: usize) -> Vec<(usize, usize)> {
    let mut counts: HashMap<Uuid, usize> = HashMap::new();
    let mut over = Vec::new();
    for (request, pool) in pools.iter().enumerate() {
        for (place, id) in pool.named.include.iter().enumerate() {
            let count = counts.entry(*id).or_default();
            *count += 1;
            if *count > most {
                over.push((request, place));
            }
        }
    }
    over
}
