//! Bands of a condition whose groups are held out.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{DataError, SplitError};
use crate::set::data_set::DataSet;

/// The values of one condition, by group.
pub(crate) struct Bands {
    rule: &'static str,
    column: String,
    /// Every value with its group, ascending.
    values: Vec<(f32, u32)>,
    /// The different values, ascending.
    levels: Vec<f32>,
}

/// Groups that reach into a band of values.
pub(crate) struct Band {
    pub(crate) inside: BTreeSet<u32>,
    /// Groups with the smallest and the largest value outside it.
    pub(crate) ends: BTreeSet<u32>,
}

impl Bands {
    pub(crate) fn new(set: &DataSet, rule: &'static str, column: &str) -> Result<Self, DataError> {
        let column_values = set.condition(column)?;
        let mut values: Vec<(f32, u32)> =
            column_values.iter().copied().zip(set.groups().iter().copied()).collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut levels: Vec<f32> = values.iter().map(|value| value.0).collect();
        levels.dedup();
        let bands = Self { rule, column: column.into(), values, levels };
        if bands.levels.len() < 2 {
            return Err(bands.none("it has the same value everywhere").into());
        }
        Ok(bands)
    }

    /// The smallest band of values at the upper end that fills `wanted` designs.
    pub(crate) fn top(
        &self,
        sizes: &BTreeMap<u32, usize>,
        wanted: f64,
        kept: usize,
    ) -> Result<Band, SplitError> {
        let n = self.levels.len();
        self.smallest(sizes, wanted, kept, n - 1, |width| (n - width, n))
    }

    /// The smallest band of values in the middle that fills `wanted` designs.
    pub(crate) fn middle(
        &self,
        sizes: &BTreeMap<u32, usize>,
        wanted: f64,
        kept: usize,
    ) -> Result<Band, SplitError> {
        let n = self.levels.len();
        if n < 3 {
            return Err(self.none("it has two values, and a band in the middle needs three"));
        }
        // One group more than elsewhere has to be left: training needs one on either side of the
        // band.
        self.smallest(sizes, wanted, kept + 1, n - 2, |width| {
            ((n - width) / 2, (n - width) / 2 + width)
        })
    }

    /// The narrowest band `levels[from..to]`, of 1 to `widest` levels, whose groups hold `wanted`
    /// designs; a narrower one if that would leave fewer than `kept` groups.
    fn smallest(
        &self,
        sizes: &BTreeMap<u32, usize>,
        wanted: f64,
        kept: usize,
        widest: usize,
        band: impl Fn(usize) -> (usize, usize),
    ) -> Result<Band, SplitError> {
        let inside = |width| {
            let (from, to) = band(width);
            let (low, high) = (self.levels[from], self.levels[to - 1]);
            let reach = self.values.iter().filter(|value| low <= value.0 && value.0 <= high);
            reach.map(|value| value.1).collect::<BTreeSet<_>>()
        };
        let designs =
            |groups: &BTreeSet<u32>| groups.iter().map(|group| sizes[group]).sum::<usize>() as f64;
        let leaves_enough = |groups: &BTreeSet<u32>| kept <= sizes.len() - groups.len();
        // Wider bands hold more groups: the narrowest full one, then the widest that leaves enough.
        let full = first(widest, |width| wanted <= designs(&inside(width)));
        let too_wide = first(widest, |width| !leaves_enough(&inside(width)));
        let width = full.min(too_wide - 1).min(widest);
        if width == 0 {
            return Err(self
                .none("the groups that reach into the narrowest band leave too few to train on"));
        }
        let (from, to) = band(width);
        let inside = inside(width);
        let outside = || self.values.iter().filter(|value| !inside.contains(&value.1));
        let ends = outside()
            .next()
            .into_iter()
            .chain(outside().next_back())
            .map(|value| value.1)
            .collect();
        // A group that lies on both sides of the band may also reach into it, so this has to be
        // checked.
        let below = outside().any(|value| value.0 < self.levels[from]);
        let above = to == self.levels.len() || outside().any(|value| self.levels[to - 1] < value.0);
        if !(below && above) {
            return Err(self.none("no group is left on one side of the band"));
        }
        Ok(Band { inside, ends })
    }

    fn none(&self, why: &'static str) -> SplitError {
        SplitError::NoBand { rule: self.rule, column: self.column.clone(), why }
    }
}

/// The smallest of 1 to `most` that satisfies a condition which, once true, stays true; `most + 1`
/// if no number does.
fn first(most: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (1, most + 1);
    while low < high {
        let middle = low.midpoint(high);
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    low
}
