//! Designs that are nearly the same, found without comparing every cell of every pair.

use rayon::prelude::*;

use crate::error::DataError;
use crate::set::density::first_invalid;
use crate::set::designs::Designs;
use crate::set::groups::groups_of;
use crate::set::resample::Resampler;
use crate::set::size::{Resize, Size};

/// Designs are compared as means on at most this many rows and columns.
const SIDE: usize = 32;
/// And first by the means of this many blocks each way.
const BLOCKS: usize = 4;
/// More designs than this are not compared.
const MAX_DESIGNS: usize = 100_000;
/// Nor are sets of more cells than this, which would take long to read.
const MAX_CELLS: u64 = 2 << 30;

/// How near copies are, tried from the first: one minus the ratio of common to joint material, `sum
/// |a - b| / sum max(a, b)`.
const NEAR: [f32; 3] = [0.05, 0.02, 0.0];

/// A design made small.
struct Small {
    /// Mean densities of its cells, 0 to 255.
    cells: Vec<u8>,
    columns: usize,
    /// Sums over blocks.
    blocks: [i32; BLOCKS * BLOCKS],
    mass: i32,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Near {
    /// The group of each design, and how near its members are.
    Groups { groups: Vec<u32>, within: f32, copies: usize },
    /// No two designs are near copies.
    None,
    /// Too many to compare.
    TooMany,
}

/// Groups the designs of a set that are near copies of each other, or of each other's mirror
/// images; members may be linked through others. If nearly all designs hang together, only nearer
/// ones are taken.
pub(crate) fn find(set: &dyn Designs) -> Result<Near, DataError> {
    let n = set.len();
    if is_too_large(set) {
        return Ok(Near::TooMany);
    }
    let small = shrunk(set)?;
    for (i, within) in NEAR.into_iter().enumerate() {
        let groups = linked(&small, within);
        let mut sizes = vec![0_usize; n];
        for group in &groups {
            sizes[*group as usize] += 1;
        }
        let n_groups = sizes.iter().filter(|size| 0 < **size).count();
        if n_groups == n {
            return Ok(Near::None);
        }
        // A group of more than half the designs leaves no fair split; the last try has to do.
        let largest = sizes.iter().copied().max().unwrap_or(0);
        if (2 * largest <= n && 3 <= n_groups) || i + 1 == NEAR.len() {
            return Ok(Near::Groups { groups, within, copies: n - n_groups });
        }
    }
    Ok(Near::None)
}

/// Number of designs that are near copies of one in another group of the set; `None` if there are
/// too many to compare.
pub(crate) fn apart(set: &dyn Designs, groups: &[u32]) -> Result<Option<usize>, DataError> {
    if is_too_large(set) {
        return Ok(None);
    }
    let mut copies = vec![false; set.len()];
    links(&shrunk(set)?, NEAR[0], |a, b| {
        if groups[a] != groups[b] {
            (copies[a], copies[b]) = (true, true);
        }
    });
    Ok(Some(copies.into_iter().filter(|copy| *copy).count()))
}

fn is_too_large(set: &dyn Designs) -> bool {
    let (height, width) = set.size();
    MAX_DESIGNS < set.len() || MAX_CELLS < set.len() as u64 * (height * width) as u64
}

fn shrunk(set: &dyn Designs) -> Result<Vec<Option<Small>>, DataError> {
    let (height, width) = set.size();
    let size = Size { height: height.min(SIDE), width: width.min(SIDE) };
    let resampler = Resampler::new((height, width), Resize { size, fit: false });
    (0..set.len())
        .into_par_iter()
        .map_init(
            || (vec![0.0; height * width], Vec::new()),
            |(design, scratch), index| {
                set.read(index, design, scratch)?;
                // A value that is not a density is reported when the design is used.
                let valid = first_invalid(design).is_none();
                Ok(valid.then(|| Small::of(design, &resampler)))
            },
        )
        .collect()
}

impl Small {
    fn of(design: &[f32], resampler: &Resampler) -> Self {
        let (rows, columns) = resampler.size();
        let mut small = vec![0.0; rows * columns];
        resampler.apply(design, &mut small);
        let cells = small.into_iter().map(|density| (density * 255.0).round() as u8).collect();
        Self::new(cells, rows, columns)
    }

    fn new(cells: Vec<u8>, rows: usize, columns: usize) -> Self {
        let mut blocks = [0; BLOCKS * BLOCKS];
        for (position, cell) in cells.iter().enumerate() {
            let (row, column) =
                (position / columns * BLOCKS / rows, position % columns * BLOCKS / columns);
            blocks[row * BLOCKS + column] += i32::from(*cell);
        }
        Self { mass: blocks.iter().sum(), cells, columns, blocks }
    }

    /// The mirror images: left to right, top to bottom, both.
    fn images(&self) -> [Self; 3] {
        let columns = self.columns;
        let rows = self.cells.len() / columns;
        [(true, false), (false, true), (true, true)].map(|(x, y)| {
            let cell = |position: usize| {
                let (row, column) = (position / columns, position % columns);
                let row = if y { rows - 1 - row } else { row };
                let column = if x { columns - 1 - column } else { column };
                self.cells[row * columns + column]
            };
            Self::new((0..self.cells.len()).map(cell).collect(), rows, columns)
        })
    }

    /// `sum |a - b| <= within sum max(a, b)`, where `sum max = (sum a + sum b + sum |a - b|) / 2`.
    fn is_near(&self, other: &Self, within: f32) -> bool {
        let most =
            within / (2.0 - within) * (self.mass + other.mass) as f32 + slack(self.cells.len());
        let far = |difference: i32| most < difference as f32;
        if far((self.mass - other.mass).abs()) {
            return false;
        }
        let blocks = self.blocks.iter().zip(&other.blocks).map(|(a, b)| (a - b).abs()).sum();
        if far(blocks) {
            return false;
        }
        let cells =
            self.cells.iter().zip(&other.cells).map(|(a, b)| i32::from(a.abs_diff(*b))).sum();
        !far(cells)
    }
}

/// What rounding to whole levels may add to a difference: a level in every eighth cell.
fn slack(cells: usize) -> f32 {
    cells as f32 / 8.0
}

/// Groups of designs that are linked by nearness.
fn linked(small: &[Option<Small>], within: f32) -> Vec<u32> {
    let mut sets = Sets::new(small.len());
    links(small, within, |a, b| sets.join(a, b));
    groups_of((0..small.len()).map(|i| sets.root(i)))
}

/// Calls `each` with every pair of near designs.
fn links(small: &[Option<Small>], within: f32, mut each: impl FnMut(usize, usize)) {
    // In the order of their mass, so that only neighbors in it have to be compared: masses of near
    // designs are near.
    let mut order: Vec<usize> = (0..small.len()).filter(|i| small[*i].is_some()).collect();
    let mass = |i: usize| small[i].as_ref().map_or(0, |small| small.mass);
    order.sort_by_key(|i| (mass(*i), *i));
    // Links are found in parallel, some designs at a time, and handed on one after the other.
    for from in (0..order.len()).step_by(1024) {
        let links: Vec<(usize, usize)> = (from..order.len().min(from + 1024))
            .into_par_iter()
            .flat_map_iter(|position| {
                let i = order[position];
                let mine = small[i].as_ref();
                let images = mine.map(Small::images);
                // `is_near` solved for the larger mass.
                let most = (within * mass(i) as f32
                    + slack(mine.map_or(0, |mine| mine.cells.len())))
                    / (1.0 - within);
                order[position + 1..]
                    .iter()
                    .take_while(move |j| (mass(**j) - mass(i)) as f32 <= most)
                    .filter_map(move |j| {
                        let other = small[*j].as_ref()?;
                        let near = mine?.is_near(other, within)
                            || images.as_ref()?.iter().any(|image| image.is_near(other, within));
                        near.then_some((i, *j))
                    })
                    .collect::<Vec<_>>()
            })
            .collect();
        for (a, b) in links {
            each(a, b);
        }
    }
}

/// Disjoint sets with path halving.
struct Sets(Vec<usize>);

impl Sets {
    fn new(n: usize) -> Self {
        Self((0..n).collect())
    }

    fn root(&mut self, mut i: usize) -> usize {
        while self.0[i] != i {
            self.0[i] = self.0[self.0[i]];
            i = self.0[i];
        }
        i
    }

    /// The smaller root stays, so that the result does not depend on the order.
    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        let (low, high) = (a.min(b), a.max(b));
        self.0[high] = low;
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, Axis, s};

    use super::*;

    /// A bar of `thickness` rows whose left end stands at `row`, and its right end `slope` rows
    /// lower.
    fn bar(height: usize, width: usize, row: f32, slope: f32, thickness: f32) -> Vec<f32> {
        (0..height * width)
            .map(|i| {
                let (y, x) = ((i / width) as f32, (i % width) as f32 / width as f32);
                let middle = row + slope * x;
                (0.5 + thickness / 2.0 - (y - middle).abs()).clamp(0.0, 1.0)
            })
            .collect()
    }

    fn find_in(designs: Vec<Vec<f32>>, height: usize, width: usize) -> Near {
        let n = designs.len();
        let designs = Array3::from_shape_vec((n, height, width), designs.concat()).unwrap();
        find(&designs).unwrap()
    }

    #[test]
    fn optimizations_hang_together_and_different_designs_do_not() {
        // Three optimizations of eight iterations each, and two designs of their own.
        let mut designs = Vec::new();
        for (row, slope) in [(10.0, 30.0), (40.0, -20.0), (20.0, 5.0)] {
            designs.extend((0..8).map(|step| bar(60, 90, row + 0.1 * step as f32, slope, 9.0)));
        }
        designs.push(bar(60, 90, 50.0, 0.0, 9.0));
        designs.push(bar(60, 90, 5.0, 50.0, 9.0));
        let Near::Groups { groups, copies, .. } = find_in(designs, 60, 90) else { panic!() };
        let expected: Vec<u32> =
            [[0; 8], [1; 8], [2; 8]].concat().into_iter().chain([3, 4]).collect();
        assert_eq!((groups, copies), (expected, 21));
    }

    #[test]
    fn mirror_images_are_copies() {
        let design = Array3::from_shape_vec((1, 40, 50), bar(40, 50, 5.0, 25.0, 6.0)).unwrap();
        let image = design.slice(s![.., .., ..;-1]).to_owned();
        let upside_down = design.slice(s![.., ..;-1, ..]).to_owned();
        let other = Array3::from_shape_vec((1, 40, 50), bar(40, 50, 20.0, 0.0, 6.0)).unwrap();
        let all = ndarray::concatenate(
            Axis(0),
            &[design.view(), image.view(), other.view(), upside_down.view()],
        )
        .unwrap();
        let Near::Groups { groups, .. } = find(&all).unwrap() else { panic!() };
        assert_eq!(groups, [0, 0, 1, 0]);
    }

    #[test]
    fn a_sweep_without_gaps_is_cut_where_it_is_less_dense() {
        // Every design is near the next: within 0.05 all would be one group, and nothing could be
        // split.
        let designs = (0..60).map(|i| bar(60, 60, 10.0 + 0.2 * i as f32, 10.0, 10.0)).collect();
        assert_eq!(find_in(designs, 60, 60), Near::None);
        let designs = (0..6).map(|i| bar(40, 40, 5.0 + 5.0 * i as f32, 0.0, 4.0)).collect();
        assert_eq!(find_in(designs, 40, 40), Near::None);
    }

    #[test]
    fn values_that_are_no_densities_do_not_matter() {
        let mut designs = vec![bar(8, 8, 3.0, 0.0, 3.0); 3];
        designs[1][5] = f32::NAN;
        let Near::Groups { groups, .. } = find_in(designs, 8, 8) else { panic!() };
        assert_eq!(groups, [0, 1, 0]);
    }
}
