//! What the elements of an array tell about its axes: which of three counts designs.
//!
//! Along rows and columns neighbors are alike and cells far apart are not; one design and the next
//! are as different as any two, unless the designs come in an order. Across the other axes a
//! design is one piece of material, and a cut through many designs is many pieces.

use crate::error::FormatError;
use crate::foreign::elements::Elements;

/// At most this many positions of each axis are looked at, in its middle.
const MOST: usize = 128;
/// A shorter axis does not tell near from far.
const LEAST: usize = 4;
/// Number of slices across each axis whose pieces are counted.
const SLICES: usize = 24;
/// Neighbors along the axis of designs differ at least by this share of what cells far apart do ...
const UNRELATED: f64 = 0.6;
/// ... and this many times as much as along any other axis.
const CLEARLY: f64 = 1.5;
/// The largest piece of a design holds at least this share of it ...
const ONE_PIECE: f64 = 0.95;
/// ... and this much more than across any other axis.
const MORE: f64 = 0.03;

/// What was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// This axis counts designs.
    Designs(usize),
    /// Nothing.
    Nothing,
    /// The two ways of looking say different axes.
    Either(usize, usize),
}

/// Looks at an array of three axes longer than 1; `axes` are their positions among all axes.
pub(crate) fn axis_of_designs(
    elements: &Elements,
    axes: [usize; 3],
) -> Result<Verdict, FormatError> {
    let cut = Cut::of(elements, axes)?;
    let differs = winner([0, 1, 2].map(|axis| cut.difference(axis)), |most, other| {
        UNRELATED <= most && CLEARLY * other <= most
    });
    let connects = winner([0, 1, 2].map(|axis| Some(cut.connection(axis))), |most, other| {
        ONE_PIECE <= most && other + MORE <= most
    });
    Ok(match (differs, connects) {
        (Some(a), Some(b)) if a != b => Verdict::Either(a, b),
        (Some(axis), _) | (None, Some(axis)) => Verdict::Designs(axis),
        (None, None) => Verdict::Nothing,
    })
}

/// The axis with the largest value, if it is clearly larger than those of the others.
fn winner(values: [Option<f64>; 3], clearly: impl Fn(f64, f64) -> bool) -> Option<usize> {
    let value = |axis: usize| values[axis].unwrap_or(f64::NEG_INFINITY);
    let best = (0..3).max_by(|a, b| value(*a).total_cmp(&value(*b)))?;
    let most = values[best]?;
    let mut others = (0..3).filter(|axis| *axis != best).filter_map(|axis| values[axis]);
    others.all(|other| clearly(most, other)).then_some(best)
}

/// The middle of an array.
struct Cut {
    shape: [usize; 3],
    values: Vec<f32>,
}

impl Cut {
    fn of(elements: &Elements, axes: [usize; 3]) -> Result<Self, FormatError> {
        let lens = axes.map(|axis| elements.shape[axis]);
        let steps = axes.map(|axis| elements.strides[axis]);
        let shape = lens.map(|len| len.min(MOST));
        let first: usize = (0..3).map(|axis| (lens[axis] - shape[axis]) / 2 * steps[axis]).sum();
        let mut slowest_first = [0, 1, 2];
        slowest_first.sort_by_key(|axis| std::cmp::Reverse(steps[*axis]));
        let [a, b, c] = slowest_first;
        let inner = [shape[1] * shape[2], shape[2], 1];
        let mut values = vec![0.0; shape.iter().product()];
        for i in 0..shape[a] {
            for j in 0..shape[b] {
                let mut at = i * inner[a] + j * inner[b];
                let start = first + i * steps[a] + j * steps[b];
                elements.numbers(start, shape[c], steps[c], |value| {
                    values[at] = if value.is_finite() { value as f32 } else { 0.0 };
                    at += inner[c];
                })?;
            }
        }
        Ok(Self { shape, values })
    }

    /// The slice at a position of an axis: rows, columns, and where each element lies.
    fn slice(
        &self,
        axis: usize,
        position: usize,
    ) -> (usize, usize, impl Fn(usize, usize) -> usize) {
        let inner = [self.shape[1] * self.shape[2], self.shape[2], 1];
        let (a, b) = [(1, 2), (0, 2), (0, 1)][axis];
        let start = position * inner[axis];
        (self.shape[a], self.shape[b], move |i, j| start + i * inner[a] + j * inner[b])
    }

    /// Mean difference between neighbors along an axis, as a share of that between elements far
    /// apart; `None` if the axis is too short to tell.
    fn difference(&self, axis: usize) -> Option<f64> {
        let len = self.shape[axis];
        let at = |lag: usize| {
            let (mut sum, mut n) = (0.0, 0.0);
            for position in 0..len - lag {
                let (height, width, here) = self.slice(axis, position);
                let (.., there) = self.slice(axis, position + lag);
                for i in 0..height {
                    for j in 0..width {
                        let (a, b) = (self.values[here(i, j)], self.values[there(i, j)]);
                        sum += f64::from((a - b).abs());
                    }
                }
                n += (height * width) as f64;
            }
            sum / n
        };
        if len < LEAST {
            return None;
        }
        let far = (at(len.div_ceil(3)) + at(len / 2) + at(2 * len / 3)) / 3.0;
        Some(if far == 0.0 { 0.0 } else { at(1) / far })
    }

    /// Share of the largest piece in slices across an axis, of material or of void, whichever is
    /// more: what stands for material need not be known.
    fn connection(&self, axis: usize) -> f64 {
        let least = self.values.iter().copied().fold(f32::MAX, f32::min);
        let most = self.values.iter().copied().fold(f32::MIN, f32::max);
        let middle = f32::midpoint(least, most);
        let n = self.shape[axis].min(SLICES);
        let share = |material: bool| {
            let shares: Vec<f64> = (0..n)
                .filter_map(|i| {
                    let (height, width, at) = self.slice(axis, i * self.shape[axis] / n);
                    let cells = (0..height).flat_map(|i| (0..width).map(move |j| (i, j)));
                    let cells = cells.map(|(i, j)| (middle <= self.values[at(i, j)]) == material);
                    largest_piece(&mut cells.collect::<Vec<_>>(), width)
                })
                .collect();
            shares.iter().sum::<f64>() / shares.len().max(1) as f64
        };
        share(true).max(share(false))
    }
}

/// Share of the largest of the pieces that hang together over edges; `None` if nothing is set.
/// The cells are cleared on the way.
fn largest_piece(cells: &mut [bool], width: usize) -> Option<f64> {
    let (len, all) = (cells.len(), cells.iter().filter(|cell| **cell).count());
    let (mut largest, mut waiting) = (0, Vec::new());
    for start in 0..len {
        let mut n = 0;
        let mut visit = |at: usize, waiting: &mut Vec<usize>| {
            if std::mem::take(&mut cells[at]) {
                waiting.push(at);
            }
        };
        visit(start, &mut waiting);
        while let Some(at) = waiting.pop() {
            n += 1;
            if 0 < at % width {
                visit(at - 1, &mut waiting);
            }
            if at % width + 1 < width {
                visit(at + 1, &mut waiting);
            }
            if width <= at {
                visit(at - width, &mut waiting);
            }
            if at + width < len {
                visit(at + width, &mut waiting);
            }
        }
        largest = largest.max(n);
    }
    (0 < all).then(|| f64::from(largest) / all as f64)
}
