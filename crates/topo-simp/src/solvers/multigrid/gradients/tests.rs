//! The levels and the preconditioner against their definitions, as dense matrices of small
//! problems.

use faer::{Mat, Side as Triangle};
use proptest::prelude::*;

use super::{
    super::{coarse::ApplyStencil, transfer::prolong},
    *,
};
use crate::problem::{Fix, Place, Problem, Side};

prop_compose! {
    /// Supports on sides and points, any Poisson ratio, noise of grains in void; wide enough for a
    /// smoothed coarse level, and for every number of elements in the last vector of its rows.
    fn any_case()(nelx in 8..36_usize, nely in 9..16_usize, nu in -0.3..0.49)(
        supports in prop::collection::vec((any_place(), prop::sample::select(vec![Fix::X, Fix::Y, Fix::Xy])), 2..4),
        density in prop::collection::vec(prop_oneof![Just(0.0), Just(1.0), 0.0..1.0], nelx * nely),
        nelx in Just(nelx), nely in Just(nely), nu in Just(nu),
    ) -> (Problem, Vec<f64>) {
        let mut problem = Problem { poisson_ratio: nu, ..Problem::new(Grid { nelx, nely }, 0.4) };
        for (at, fix) in supports {
            problem = problem.with_support(at, fix);
        }
        (problem.with_load_case([(Place::Point([0.4, 0.6]), [0.6, 0.8])]), density)
    }
}

fn any_place() -> impl Strategy<Value = Place> {
    let side = prop::sample::select(vec![Side::Left, Side::Right, Side::Top, Side::Bottom]);
    prop_oneof![
        side.clone().prop_map(Place::Edge),
        (side, 0.0..0.8).prop_map(|(side, from)| Place::Segment { side, from, to: from + 0.2 }),
        [0.0..=1.0, 0.0..=1.0].prop_map(Place::Point),
    ]
}

/// Places of the unknowns of a level.
fn unknowns(layout: Layout) -> Vec<usize> {
    (0..=layout.nely)
        .flat_map(|row| (0..=layout.nelx).map(move |column| layout.place(row, column)))
        .flat_map(|place| [place, place + layout.plane()])
        .collect()
}

/// The matrix of an operator from one level to another, column by column; it must leave zeros
/// beside the grid.
fn dense(from: Layout, to: Layout, mut apply: impl FnMut(&[f64], &mut [f64])) -> Mat<f64> {
    let (rows, columns) = (unknowns(to), unknowns(from));
    let mut matrix = Mat::zeros(rows.len(), columns.len());
    let mut unit = from.vector();
    for (j, &place) in columns.iter().enumerate() {
        let mut column = to.vector();
        unit[place] = 1.0;
        apply(&unit, &mut column);
        unit[place] = 0.0;
        for (i, &place) in rows.iter().enumerate() {
            matrix[(i, j)] = std::mem::take(&mut column[place]);
        }
        assert!(column.iter().all(|value| *value == 0.0), "{to:?}: not zero beside the grid");
    }
    matrix
}

/// Zeros in the rows and columns of held unknowns.
fn cut(matrix: &mut Mat<f64>, layout: Layout, fixed: &[usize]) {
    for (i, place) in unknowns(layout).iter().enumerate() {
        if fixed.contains(place) {
            matrix.row_mut(i).fill(0.0);
            matrix.col_mut(i).fill(0.0);
        }
    }
}

fn assert_equal(a: &Mat<f64>, b: &Mat<f64>, what: &str) {
    let (error, scale) = ((a - b).norm_max(), b.norm_max());
    assert!(error <= 1e-13 * scale, "{what}: {error:e} of {scale:e}");
}

/// The stiffness of the finest level without supports.
fn stiffness(multigrid: &mut Multigrid) -> Mat<f64> {
    let Multigrid { arch, layout, modes, moduli, scratch, .. } = multigrid;
    let (layout, modes) = (*layout, *modes);
    dense(layout, layout, |u, f| {
        arch.dispatch(Apply { layout, modes, moduli, u, then: Then::Product { f }, scratch });
    })
}

/// Restriction is the transpose of interpolation, and each coarse matrix the Galerkin product of
/// the finer one.
fn check_levels(multigrid: &Multigrid, stiffness: &Mat<f64>) {
    let (mut finer, mut finer_fixed) = (multigrid.layout, &multigrid.fixed);
    let mut matrix = stiffness.clone();
    for (index, level) in multigrid.levels.iter().enumerate() {
        let layout = level.layout;
        let interpolation =
            dense(layout, finer, |coarse, fine| prolong(layout, coarse, finer, fine));
        let mut row = vec![0.0; finer.stride + 2];
        let restriction =
            dense(finer, layout, |fine, coarse| restrict(finer, fine, layout, coarse, &mut row));
        let transposed = interpolation.transpose().to_owned();
        assert_equal(&restriction, &transposed, &format!("restriction to level {index}"));
        cut(&mut matrix, finer, finer_fixed);
        matrix = transposed * &matrix * interpolation;
        (finer, finer_fixed) = (layout, &level.fixed);
        // The coarsest level has no stencil.
        if index + 1 < multigrid.levels.len() {
            cut(&mut matrix, finer, finer_fixed);
            let stencil = dense(layout, layout, |u, f| {
                multigrid.arch.dispatch(ApplyStencil { stencil: &level.stencil, u, f });
            });
            assert_equal(&stencil, &matrix, &format!("stiffness of level {index}"));
        }
    }
}

/// The submatrix of the unknowns without support.
fn free(matrix: &Mat<f64>, multigrid: &Multigrid) -> Mat<f64> {
    let places = unknowns(multigrid.layout);
    let free: Vec<usize> =
        (0..places.len()).filter(|i| !multigrid.fixed.contains(&places[*i])).collect();
    Mat::from_fn(free.len(), free.len(), |i, j| matrix[(free[i], free[j])])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// A V-cycle M with smoothing that adds no energy and a best coarse correction is symmetric,
    /// and all eigenvalues of M K are in (0, 1]: `I − M K = (I − D K) (I − P A⁻¹ Pᵀ K) (I − D K)`.
    #[test]
    fn the_preconditioner_is_symmetric_and_positive_and_below_the_inverse(
        (problem, density) in any_case(),
        void in prop::sample::select(vec![1e-2, 1e-5]),
    ) {
        let moduli: Vec<f64> = density.iter().map(|x| void + x * x * x).collect();
        if let Ok(model) = Model::new(&problem) {
            let mut multigrid = Multigrid::new(problem.grid);
            multigrid.set_model(&model);
            multigrid.prepare(&moduli);
            let k = stiffness(&mut multigrid);
            check_levels(&multigrid, &k);
            let layout = multigrid.layout;
            let m = dense(layout, layout, |r, z| {
                multigrid.r.copy_from_slice(r);
                mask(&mut multigrid.r, &multigrid.fixed);
                multigrid.precondition();
                z.copy_from_slice(&multigrid.z);
            });
            let (k, m) = (free(&k, &multigrid), free(&m, &multigrid));
            let asymmetry = (&m - m.transpose()).norm_max() / m.norm_max();
            prop_assert!(asymmetry < 1e-12, "asymmetry {:e}", asymmetry);
            let factor = k.llt(Triangle::Lower).unwrap();
            let eigenvalues = (factor.L().transpose() * m * factor.L())
                .self_adjoint_eigenvalues(Triangle::Lower)
                .unwrap();
            let (least, greatest) = (eigenvalues[0], eigenvalues[eigenvalues.len() - 1]);
            prop_assert!(least > 0.0 && greatest < 1.0 + 1e-9, "{:e} to {:e}", least, greatest);
        }
    }
}
