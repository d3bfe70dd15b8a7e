//! Codes of designs in two latent dimensions.

use std::path::Path;

use ndarray::{Array2, ArrayView2, Axis};
use vae_report::{Scatter, Shade, THUMBNAILS, latent_scatter};

use crate::error::{Result, StudyError};
use crate::latent::Codes;
use crate::run::Run;

/// Draws posterior means in two latent dimensions, counted from 0; a condition colors them: the one
/// of this name, or the first.
///
/// # Errors
/// If there is no such condition, or the picture cannot be drawn.
pub fn draw_latent(
    run: &Run,
    codes: &Codes,
    columns: (usize, usize),
    color: Option<&str>,
    title: &str,
    out: &Path,
) -> Result<()> {
    let table = run.data.conditions().select(Axis(0), &codes.indices);
    let infos = run.data.condition_info();
    let column = match color {
        Some(name) => {
            run.data.condition(name)?;
            infos.iter().position(|info| info.name == *name)
        }
        None => (!infos.is_empty()).then_some(0),
    };
    let condition =
        column.map(|column| Shade { name: &infos[column].name, values: table.column(column) });
    let shown = spread_out(codes.means.view(), columns, THUMBNAILS);
    let positions: Vec<usize> = shown.iter().map(|&point| codes.indices[point]).collect();
    let pictures = run.designs().array(&positions)?;
    let designs: Vec<(usize, Array2<f32>)> =
        shown.into_iter().zip(pictures.outer_iter().map(|design| design.to_owned())).collect();
    let figure = Scatter {
        title,
        points: codes.means.view(),
        columns,
        names: &[],
        condition,
        designs: &designs,
    };
    latent_scatter(&figure, out).map_err(StudyError::drawing(out))
}

/// Some of the points, far from each other in two dimensions: first the one nearest to the mean,
/// then one after the other that is farthest from those chosen (Gonzalez 1985).
fn spread_out(
    points: ArrayView2<'_, f32>,
    (across, up): (usize, usize),
    wanted: usize,
) -> Vec<usize> {
    let place = |index: usize| [points[(index, across)], points[(index, up)]];
    let n = points.nrows();
    let mean = [across, up].map(|column| points.column(column).mean().unwrap_or(0.0));
    let distance = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let from_mean = |index: &usize| distance(place(*index), mean);
    let first = (0..n).min_by(|a, b| from_mean(a).total_cmp(&from_mean(b)));
    let mut chosen: Vec<usize> = first.into_iter().collect();
    let mut nearest = vec![f32::INFINITY; n];
    while let Some(&last) = chosen.last().filter(|_| chosen.len() < wanted) {
        for (index, nearest) in nearest.iter_mut().enumerate() {
            *nearest = nearest.min(distance(place(index), place(last)));
        }
        let farthest = (0..n).max_by(|&a, &b| nearest[a].total_cmp(&nearest[b]));
        match farthest.filter(|&index| 0.0 < nearest[index]) {
            Some(index) => chosen.push(index),
            None => break,
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn chosen_points_are_far_apart_and_never_the_same() {
        let points =
            array![[0.0_f32, 9.0, 0.1], [5.0, 9.0, 0.0], [5.1, 9.0, 0.0], [-4.0, 9.0, 0.0]];
        assert_eq!(spread_out(points.view(), (0, 2), 3), [0, 2, 3]);
        let same = array![[1.0_f32, 1.0], [1.0, 1.0]];
        assert_eq!(spread_out(same.view(), (0, 1), 5), [0]);
        assert!(spread_out(same.slice(ndarray::s![..0, ..]), (0, 1), 5).is_empty());
    }
}
