//! How evenly seats are spread over people: the share of the busiest tenth, the Gini coefficient. No SQL, no HTTP.

use std::collections::BTreeMap;

use uuid::Uuid;

/// How evenly seats are spread over those who had any.
#[derive(Debug, Clone, PartialEq)]
pub struct Fairness {
    /// Seats in all.
    pub seats: usize,
    /// People who had at least one.
    pub people: usize,
    /// Most seats of one person.
    pub most: usize,
    /// How many people are the busiest tenth: a tenth of them, rounded up.
    pub busiest: usize,
    /// Their share of all seats, 0 to 1; none without seats.
    pub busiest_share: Option<f64>,
    /// The Gini coefficient over those who had any: 0 when all have as many, towards 1 when one has nearly all; none without seats.
    pub gini: Option<f64>,
}

/// Over the people of seats, one entry a seat; `idle` more people could have sat and had none.
#[expect(clippy::cast_precision_loss, reason = "counts of people and seats")]
pub fn fairness(seats: &[Uuid], idle: usize) -> Fairness {
    let mut counts: BTreeMap<Uuid, usize> = BTreeMap::new();
    for expert in seats {
        *counts.entry(*expert).or_default() += 1;
    }
    let mut loads: Vec<usize> = std::iter::repeat_n(0, idle).chain(counts.into_values()).collect();
    loads.sort_unstable();
    let people = loads.len() - idle;
    let busiest = people.div_ceil(10);
    let total = seats.len() as f64;
    let share = |count: usize| loads.iter().rev().take(count).sum::<usize>() as f64 / total;
    // Σ (2i − n − 1) x_i / (n Σ x_i), over the loads in ascending order, i from 1
    let n = loads.len() as f64;
    let weighted = |(index, load): (usize, &usize)| (2.0 * (index as f64 + 1.0) - n - 1.0) * *load as f64;
    let gini = loads.iter().enumerate().map(weighted).sum::<f64>() / (n * total);
    let some = !seats.is_empty();
    Fairness {
        seats: seats.len(),
        people,
        most: loads.last().copied().unwrap_or(0),
        busiest,
        busiest_share: some.then(|| share(busiest)),
        gini: some.then_some(gini),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seats(loads: &[usize]) -> Vec<Uuid> {
        let of = |(person, count): (usize, &usize)| std::iter::repeat_n(Uuid::from_u128(person as u128), *count);
        loads.iter().enumerate().flat_map(of).collect()
    }

    #[test]
    fn spread_is_told_in_numbers() {
        for (loads, idle, expected) in [
            (vec![], 0, (0, 0, 0, None, None)),
            (vec![1, 1, 1, 1], 0, (4, 4, 1, Some(0.25), Some(0.0))),
            (vec![4], 0, (4, 1, 4, Some(1.0), Some(0.0))),
            (vec![4], 3, (4, 1, 4, Some(1.0), Some(0.75))),
            (vec![1, 3], 0, (4, 2, 3, Some(0.75), Some(0.25))),
            (vec![1, 1, 1, 1, 1, 1, 1, 1, 1, 11], 0, (20, 10, 11, Some(0.55), Some(0.45))),
            (vec![2; 11], 0, (22, 11, 2, Some(4.0 / 22.0), Some(0.0))),
        ] {
            let told = fairness(&seats(&loads), idle);
            let near = |a: Option<f64>, b: Option<f64>| a.zip(b).map_or(a == b, |(a, b)| (a - b).abs() < 1e-12);
            let (total, people, most, share, gini) = expected;
            assert_eq!((told.seats, told.people, told.most), (total, people, most), "{loads:?}");
            assert!(near(told.busiest_share, share) && near(told.gini, gini), "{loads:?} {idle}: {told:?}");
        }
    }

    proptest! {
        #[test]
        fn numbers_stay_in_their_ranges_and_a_gift_to_the_idle_is_fairer(
            loads in proptest::collection::vec(1_usize..9, 1..40),
            idle in 0_usize..20,
        ) {
            let told = fairness(&seats(&loads), idle);
            let (gini, share) = (told.gini.unwrap(), told.busiest_share.unwrap());
            prop_assert!((0.0..1.0).contains(&gini) && share > 0.0 && share <= 1.0);
            prop_assert!(told.busiest * 10 >= told.people && told.most <= told.seats);
            // one seat of the busiest goes to the one with the fewest
            let mut other = loads.clone();
            other.sort_unstable();
            let last = other.len() - 1;
            if other[last] > other[0] + 1 {
                other[last] -= 1;
                other[0] += 1;
                prop_assert!(fairness(&seats(&other), idle).gini.unwrap() < gini);
            }
        }
    }
}
