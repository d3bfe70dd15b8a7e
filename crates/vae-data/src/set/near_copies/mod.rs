//! Designs that are nearly the same, found without comparing every cell of every pair.

mod pairs;
mod sets;
mod small;

use rayon::prelude::*;

use self::pairs::links;
use self::sets::{Copies, Sets};
use self::small::Small;

use crate::error::DataError;
use crate::set::density::first_invalid;
use crate::set::designs::Designs;
use crate::set::groups::groups_of;
use crate::set::resample::Resampler;
use crate::set::size::{Resize, Size};

/// Designs are compared as means on at most this many rows and columns.
const SIDE: usize = 32;
/// More designs than this are not compared.
const MAX_DESIGNS: usize = 100_000;
/// Nor are sets of more cells than this, which would take long to read.
const MAX_CELLS: u64 = 2 << 30;
/// Differences of two numbers after which a search gives up; they take some ten seconds.
const MAX_STEPS: u64 = 1 << 34;
/// How near copies are, tried from the first: one minus the ratio of common to joint material, `sum
/// |a - b| / sum max(a, b)`.
const NEAR: [f32; 3] = [0.05, 0.02, 0.0];

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
        let mut sets = Sets::new(n);
        if !links(&small, within, MAX_STEPS, &mut sets) {
            return Ok(Near::TooMany);
        }
        let groups = groups_of((0..n).map(|i| sets.root(i)));
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
    let mut copies = Copies { groups, found: vec![false; set.len()] };
    let all = links(&shrunk(set)?, NEAR[0], MAX_STEPS, &mut copies);
    Ok(all.then(|| copies.found.into_iter().filter(|copy| *copy).count()))
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

#[cfg(test)]
mod tests {
    use ndarray::{Array3, Axis, s};
    use rand::{Rng as _, seq::SliceRandom as _};

    use super::pairs::Pairs;
    use super::small::COARSE;
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

    /// Noise of equal volume: no number separates the designs.
    fn noise(n: usize, side: usize, seed: u64) -> Vec<Vec<f32>> {
        let mut rng = vae_base::keyed("noise", [seed, 0, 0]);
        let mut design: Vec<f32> = (0..side * side).map(|i| (i % 2) as f32).collect();
        let mut shuffled = || {
            design.shuffle(&mut rng);
            design.clone()
        };
        (0..n).map(|_| shuffled()).collect()
    }

    fn small(designs: &[Vec<f32>], (height, width): (usize, usize)) -> Vec<Option<Small>> {
        let size = Size { height: height.min(SIDE), width: width.min(SIDE) };
        let resampler = Resampler::new((height, width), Resize { size, fit: false });
        designs.iter().map(|design| Some(Small::of(design, &resampler))).collect()
    }

    /// Every pair, and nothing left out.
    fn by_force(small: &[Option<Small>], within: f32) -> Vec<(usize, usize)> {
        let small: Vec<&Small> = small.iter().map(|small| small.as_ref().unwrap()).collect();
        let near = |a: usize, b: usize| {
            let most = small[a].most(small[b].mass, within);
            let sum = |image: &Vec<u8>| {
                let pairs = image.iter().zip(&small[b].cells);
                pairs.map(|(a, b)| i32::from(a.abs_diff(*b))).sum::<i32>()
            };
            small[a].images().iter().any(|image| sum(image) as f32 <= most)
        };
        let pairs = (0..small.len()).flat_map(|a| (a + 1..small.len()).map(move |b| (a, b)));
        pairs.filter(|&(a, b)| near(a, b)).collect()
    }

    /// Every pair is handed on.
    struct All(Vec<(usize, usize)>);

    impl Pairs for All {
        fn matters(&self, _: usize, _: usize) -> bool {
            true
        }

        fn add(&mut self, a: usize, b: usize) {
            self.0.push((a.min(b), a.max(b)));
        }
    }

    #[test]
    fn no_near_pair_is_lost_and_none_is_made_up() {
        // Of odd, even, small and large sizes; bars, noise, and designs a little changed and turned.
        for (height, width) in [(1, 1), (3, 2), (5, 9), (32, 31), (60, 90), (64, 64)] {
            let mut rng = vae_base::keyed("pairs", [height as u64, width as u64, 0]);
            let mut designs: Vec<Vec<f32>> = (0..20)
                .map(|i| bar(height, width, 0.04 * (i * height) as f32, 0.3 * i as f32, 9.0))
                .collect();
            designs.extend((0..20).map(|_| {
                let share = rng.random_range(0.0..1.0);
                let cell = |_| f32::from(u8::from(rng.random_range(0.0..1.0) < share));
                (0..height * width).map(cell).collect::<Vec<f32>>()
            }));
            for i in 0..40 {
                let mut changed = designs[i].clone();
                for _ in 0..rng.random_range(0..=height * width / 20) {
                    changed[rng.random_range(0..height * width)] = rng.random_range(0.0..1.0);
                }
                match i % 3 {
                    0 => changed.reverse(),
                    1 => changed.chunks_exact_mut(width).for_each(<[f32]>::reverse),
                    _ => {}
                }
                designs.push(changed);
            }
            let small = small(&designs, (height, width));
            for within in NEAR {
                let mut found = All(Vec::new());
                assert!(links(&small, within, MAX_STEPS, &mut found));
                found.0.sort_unstable();
                let expected = by_force(&small, within);
                assert_eq!(found.0, expected, "{height} x {width}, {within}");
                let mut sets = Sets::new(small.len());
                links(&small, within, MAX_STEPS, &mut sets);
                let mut all = Sets::new(small.len());
                for &(a, b) in &expected {
                    all.add(a, b);
                }
                let roots = |sets: &Sets| (0..80).map(|i| sets.root(i)).collect::<Vec<_>>();
                assert_eq!(roots(&sets), roots(&all));
            }
        }
    }

    #[test]
    fn a_search_without_end_is_given_up() {
        let small = small(&noise(400, 64, 1), (64, 64));
        let mut sets = Sets::new(400);
        assert!(!links(&small, NEAR[0], 100_000, &mut sets));
        // Of all numbers the best one leaves few enough pairs, and the coarse sums decide most.
        assert!(links(&small, NEAR[0], 400 * 400 / 2 * 40, &mut sets));
    }

    #[test]
    fn many_copies_of_one_design_are_not_compared_with_each_other() {
        let small = small(&vec![bar(40, 40, 10.0, 5.0, 6.0); 2000], (40, 40));
        let mut sets = Sets::new(2000);
        let pairs = 2000 * 2000 / 2;
        assert!(links(&small, NEAR[0], pairs * COARSE as u64 + 2000 * 64 * 2000, &mut sets));
        assert!((0..2000).all(|i| sets.root(i) == 0));
    }
}
