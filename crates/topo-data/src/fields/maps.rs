//! The maps of one problem.

use ndarray::{Array2, Array3, ArrayView2, Axis};
use topo_simp::{Nodal, Optimizer, PassiveKind, Problem};
use vae_data::ProblemMaps;

use super::{
    channels::FieldRecipe,
    distance::distances,
    loads,
    plate::{FLOOR, Plate},
    rank::ranks,
};
use crate::{error::Result, judging::Domain};

/// The maps of a problem as [`FieldRecipe::channels`] lists them, (F, nely, nelx), row 0 on top.
/// The optimizer is for the grid of the problem; one solve is made, two for several load cases.
///
/// # Errors
///
/// [`crate::TopoDataError::Simp`] for a problem that [`Problem::validate`] refuses or that a solid
/// plate does not carry, and for an optimizer of another grid.
///
/// # Examples
///
/// ```
/// use topo_data::{FieldRecipe, problem_fields};
/// use topo_simp::{Grid, Optimizer, Problem};
/// let grid = Grid { nelx: 8, nely: 4 };
/// let problem = Problem::cantilever(grid, 0.4);
/// let maps = problem_fields(FieldRecipe::Stresses, &mut Optimizer::new(grid)?, &problem)?;
/// assert_eq!(maps.dim(), (15, 4, 8));
/// let volume = maps.index_axis(ndarray::Axis(0), 9);
/// assert!(volume.iter().all(|value| value.abs() < 1e-12));
/// # Ok::<(), topo_data::TopoDataError>(())
/// ```
pub fn problem_fields(
    recipe: FieldRecipe,
    optimizer: &mut Optimizer,
    problem: &Problem,
) -> Result<Array3<f64>> {
    let nodal = problem.nodal()?;
    let free_fraction = Domain::of(problem)?.free_fraction();
    let side = problem.grid.nelx.min(problem.grid.nely) as f64;
    let fading = |marked: ArrayView2<'_, bool>, length: f64| {
        distances(marked).mapv_into(|d| (-d / length).exp())
    };
    let prescribed = nodal.passive.mapv(|cell| match cell {
        None => 0.0,
        Some(PassiveKind::Solid) => 1.0,
        Some(PassiveKind::Void | PassiveKind::Outside) => -1.0,
    });
    let Plate { energy, stress } = Plate::new(optimizer, problem, &nodal)?;
    let energy = energy.mapv_into(|e| (e + FLOOR).log10());
    let [xxxx, yyyy, xxyy, xxxy, yyxy] = stress.map(|component| 2.0 * component);

    let [xx, yy, xy] = loads::load_tensor(&nodal, side / 20.0);
    let maps = [
        xx,
        yy,
        xy,
        fading(loads::loaded(&nodal).view(), side / 3.0),
        fading(nodal.held.index_axis(Axis(2), 0), side / 8.0),
        fading(nodal.held.index_axis(Axis(2), 1), side / 8.0),
        prescribed,
        &energy / 1.5,
        rank(&energy, &nodal, free_fraction),
        Array2::from_elem(energy.dim(), 4.0 * (free_fraction - 0.4)),
        xxxx,
        yyyy,
        xxyy,
        xxxy,
        yyxy,
    ];
    let count = recipe.channels().len();
    let mut all = Array3::zeros((count, problem.grid.nely, problem.grid.nelx));
    for (mut to, map) in all.outer_iter_mut().zip(&maps) {
        to.assign(map);
    }
    Ok(all)
}

/// The maps of a problem in the form that a data set carries: those of a problem of the set and of
/// the same problem given anew are the same bits.
///
/// # Errors
///
/// As [`problem_fields`].
pub fn fields_of(recipe: FieldRecipe, problem: &Problem) -> Result<ProblemMaps> {
    let maps = problem_fields(recipe, &mut Optimizer::new(problem.grid)?, problem)?;
    Ok(ProblemMaps::new(maps.view()))
}

/// Positive where a free element is among the share of them that is to be filled, if the ones with
/// the greatest energy were; 0 where an element is not free.
fn rank(energy: &Array2<f64>, nodal: &Nodal, free_fraction: f64) -> Array2<f64> {
    let free = || energy.iter().zip(&nodal.passive).filter(|(_, cell)| cell.is_none());
    let values: Vec<f64> = free().map(|(&energy, _)| energy).collect();
    let mut ranks = ranks(&values).into_iter();
    nodal.passive.mapv(|cell| match cell {
        None => ranks.next().map_or(0.0, |rank| 4.0 * (rank - (1.0 - free_fraction))),
        Some(_) => 0.0,
    })
}
