//! Pairs of near designs, found without comparing every cell of every pair.

use std::cell::OnceCell;

use rayon::prelude::*;

use super::small::{COARSE, Small, difference};

/// Designs whose pairs are looked at together, in parallel.
const TOGETHER: usize = 64;

/// What is made of the pairs of near designs.
pub(super) trait Pairs: Sync {
    /// Whether it makes a difference that these two are near.
    fn matters(&self, a: usize, b: usize) -> bool;
    /// These two are near.
    fn add(&mut self, a: usize, b: usize);
}

/// Hands on the pairs of near designs that matter; `false` if it gave up.
pub(super) fn links(
    small: &[Option<Small>],
    within: f32,
    max_steps: u64,
    pairs: &mut (impl Pairs + ?Sized),
) -> bool {
    let valid: Vec<(usize, &Small)> =
        small.iter().enumerate().filter_map(|(i, small)| Some((i, small.as_ref()?))).collect();
    // Sorted by a number that near designs have nearly in common, so that only neighbors have to be
    // compared: by the one that leaves fewest pairs.
    let Some(sorted) = (0..COARSE)
        .into_par_iter()
        .map(|signs| Sorted::by(signs, &valid, within))
        .min_by_key(|sorted| (sorted.pairs, sorted.signs))
    else {
        return true;
    };
    let mut steps = 0;
    // Links are found in parallel, some designs at a time, and handed on one after the other.
    for from in (0..valid.len()).step_by(TOGETHER) {
        let looked_at: Vec<(Vec<(usize, usize)>, u64)> = (from..valid.len().min(from + TOGETHER))
            .into_par_iter()
            .map(|position| sorted.links_of(position, within, &*pairs))
            .collect();
        for (links, taken) in looked_at {
            steps += taken;
            for (a, b) in links {
                pairs.add(a, b);
            }
        }
        if max_steps < steps {
            return false;
        }
    }
    true
}

/// Designs in the order of a number.
struct Sorted<'a> {
    signs: usize,
    designs: Vec<(usize, &'a Small)>,
    /// For each, the position of the first that is too far behind to be near.
    ends: Vec<usize>,
    /// How many pairs are left to look at.
    pairs: usize,
}

impl<'a> Sorted<'a> {
    fn by(signs: usize, designs: &[(usize, &'a Small)], within: f32) -> Self {
        let mut keyed: Vec<(i32, usize, &Small)> =
            designs.iter().map(|&(i, small)| (small.projected(signs), i, small)).collect();
        keyed.sort_unstable_by_key(|&(number, i, _)| (number, i));
        let end = |&(number, _, small): &(i32, usize, &Small)| {
            let last = number as f32 + small.most_of_all(within);
            keyed.partition_point(|(number, ..)| *number as f32 <= last)
        };
        let ends: Vec<usize> = keyed.iter().map(end).collect();
        let pairs = ends.iter().enumerate().map(|(position, end)| end - position - 1).sum();
        let designs = keyed.into_iter().map(|(_, i, small)| (i, small)).collect();
        Self { signs, designs, ends, pairs }
    }

    /// The near designs behind the one at a position that matter, and the steps that were taken.
    fn links_of(
        &self,
        position: usize,
        within: f32,
        pairs: &(impl Pairs + ?Sized),
    ) -> (Vec<(usize, usize)>, u64) {
        let (i, mine) = self.designs[position];
        let images = OnceCell::new();
        let (mut links, mut steps) = (Vec::new(), 0);
        for &(j, other) in &self.designs[position + 1..self.ends[position]] {
            let most = mine.most(other.mass, within);
            let mut far = |(difference, taken): (i32, usize)| {
                steps += taken as u64;
                most < difference as f32
            };
            if far(difference(&mine.coarse, &other.coarse, most)) || !pairs.matters(i, j) {
                continue;
            }
            let mut finer = mine.finer.iter().zip(&other.finer);
            if finer.any(|(mine, other)| far(difference(mine, other, most))) {
                continue;
            }
            let images = images.get_or_init(|| mine.images());
            if images.iter().any(|image| !far(difference(image, &other.cells, most))) {
                links.push((i, j));
            }
        }
        (links, steps)
    }
}
