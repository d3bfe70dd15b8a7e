//! Which conditions state a problem: what the sliders show after a load was dragged.

use topo_simp::{Place, Problem, Side};

use crate::error::Result;
use crate::subject::Subject;

/// Rounds of the Gauss-Newton iteration; places move linearly with most conditions.
const ROUNDS: usize = 4;
/// Largest distance, in elements, that counts as none.
const NEAR: f64 = 0.5;

/// The conditions of the model at which the stated problem is nearest to a given one, and how far
/// apart the two are, in elements, 0 if less than half an element; the conditions as they are, and
/// infinity, if nothing states a problem.
///
/// The distance is that of the vector of [`features`]; conditions stay inside their ranges.
pub(super) fn conditions_of(
    subject: &Subject,
    problem: &Problem,
    start: &[f32],
) -> Result<(Vec<f32>, f64)> {
    let ranges: Vec<(f32, f32)> =
        subject.vae().config().conditions.iter().map(|known| (known.min, known.max)).collect();
    let wanted = features(problem);
    let difference = |conditions: &[f32]| -> Result<Option<Vec<f64>>> {
        let Some(stated) = subject.problem_at(conditions)? else { return Ok(None) };
        let found = features(&stated);
        let same = found.len() == wanted.len();
        Ok(same.then(|| wanted.iter().zip(&found).map(|(a, b)| a - b).collect()))
    };
    let mut conditions: Vec<f32> = start.to_vec();
    for (value, (min, max)) in conditions.iter_mut().zip(&ranges) {
        *value = value.clamp(*min, *max);
    }
    let Some(mut rest) = difference(&conditions)? else {
        return Ok((conditions, f64::INFINITY));
    };
    for _ in 0..ROUNDS {
        if length(&rest) < 1e-6 {
            break;
        }
        let mut slopes = Vec::with_capacity(ranges.len());
        for (column, (min, max)) in ranges.iter().enumerate() {
            let mut moved = conditions.clone();
            let step = 0.01 * (max - min);
            moved[column] += if moved[column] + step <= *max { step } else { -step };
            let by = f64::from(moved[column] - conditions[column]);
            slopes.push(match difference(&moved)? {
                Some(other) if by != 0.0 => {
                    rest.iter().zip(&other).map(|(a, b)| (a - b) / by).collect()
                }
                _ => vec![0.0; rest.len()],
            });
        }
        let steps = least_squares(&slopes, &rest);
        let mut next = conditions.clone();
        for ((value, step), (min, max)) in next.iter_mut().zip(&steps).zip(&ranges) {
            *value = ((f64::from(*value) + step) as f32).clamp(*min, *max);
        }
        match difference(&next)? {
            Some(found) if length(&found) < length(&rest) => (conditions, rest) = (next, found),
            _ => break,
        }
    }
    let apart = length(&rest);
    Ok((conditions, if apart < NEAR { 0.0 } else { apart }))
}

/// Numbers that say what a problem is: places in elements, and the direction of each force in tens
/// of elements, so that one degree is about a sixth of an element; the volume in hundredths.
fn features(problem: &Problem) -> Vec<f64> {
    let (width, height) = (problem.grid.nelx as f64, problem.grid.nely as f64);
    let mut numbers = vec![100.0 * problem.volume_fraction];
    let mut place = |at: &Place| {
        let corners = corners(at, [width, height]);
        numbers.extend(
            corners.iter().flatten().zip([width, height, width, height]).map(|(x, w)| x * w),
        );
    };
    problem.supports.iter().for_each(|support| place(&support.at));
    let loads = || problem.load_cases.iter().flat_map(|case| &case.loads);
    loads().for_each(|load| place(&load.at));
    for load in loads() {
        let [x, y] = load.force;
        let size = x.hypot(y).max(f64::MIN_POSITIVE);
        numbers.extend([10.0 * x / size, 10.0 * y / size]);
    }
    numbers
}

/// The upper left and lower right corner of a place, in relative coordinates.
fn corners(place: &Place, [width, height]: [f64; 2]) -> [[f64; 2]; 2] {
    let on = |side: Side, from: f64, to: f64| match side {
        Side::Left => [[0.0, from], [0.0, to]],
        Side::Right => [[1.0, from], [1.0, to]],
        Side::Top => [[from, 0.0], [to, 0.0]],
        Side::Bottom => [[from, 1.0], [to, 1.0]],
    };
    match *place {
        Place::Point(at) => [at, at],
        Place::Node([column, row]) => {
            let at = [column as f64 / width, row as f64 / height];
            [at, at]
        }
        Place::Edge(side) => on(side, 0.0, 1.0),
        Place::Segment { side, from, to } => on(side, from, to),
        Place::Area { min, max } => [min, max],
    }
}

fn length(vector: &[f64]) -> f64 {
    vector.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// The x of smallest `|Σ xₖ aₖ − b|`, by the normal equations with a little damping, which leaves
/// columns of zeros at 0.
fn least_squares(columns: &[Vec<f64>], b: &[f64]) -> Vec<f64> {
    let n = columns.len();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let mut matrix: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let mut row: Vec<f64> = (0..n).map(|j| dot(&columns[i], &columns[j])).collect();
            row[i] += 1e-9 * row[i] + 1e-12;
            row.push(dot(&columns[i], b));
            row
        })
        .collect();
    for pivot in 0..n {
        let best =
            (pivot..n).max_by(|&i, &j| matrix[i][pivot].abs().total_cmp(&matrix[j][pivot].abs()));
        matrix.swap(pivot, best.unwrap_or(pivot));
        let row = matrix[pivot].clone();
        for (i, other) in matrix.iter_mut().enumerate() {
            if i != pivot {
                let factor = other[pivot] / row[pivot];
                other.iter_mut().zip(&row).for_each(|(x, y)| *x -= factor * y);
            }
        }
    }
    (0..n).map(|i| matrix[i][n] / matrix[i][i]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// At the least squares the rest is orthogonal to every column.
        #[test]
        fn the_rest_is_orthogonal(values in proptest::collection::vec(-2.0_f64..2.0, 18)) {
            let columns: Vec<Vec<f64>> = values[..12].chunks(6).map(<[f64]>::to_vec).collect();
            let b = &values[12..];
            let x = least_squares(&columns, b);
            let rest: Vec<f64> =
                (0..6).map(|i| b[i] - x[0] * columns[0][i] - x[1] * columns[1][i]).collect();
            let gram = |a: &[f64]| a.iter().map(|x| x * x).sum::<f64>();
            let skew: f64 = columns[0].iter().zip(&columns[1]).map(|(x, y)| x * y).sum();
            prop_assume!(gram(&columns[0]) * gram(&columns[1]) - skew * skew > 0.1);
            for column in &columns {
                let along: f64 = column.iter().zip(&rest).map(|(x, y)| x * y).sum();
                prop_assert!(along.abs() < 1e-6, "{along}");
            }
        }
    }

    #[test]
    fn a_column_of_zeros_takes_no_part() {
        let x = least_squares(&[vec![0.0, 0.0], vec![2.0, 0.0]], &[3.0, 1.0]);
        assert!(x[0].abs() < 1e-9 && (x[1] - 1.5).abs() < 1e-6);
    }
}
