//! A problem put on its grid: fixed degrees of freedom, nodal forces, and the role of every
//! element.

use super::{
    cell::Cell,
    error::ProblemError,
    places::nodes,
    region::{self, contains},
    statement::{Fix, Load, PassiveKind, PassiveRegion, Problem},
    support::check_support,
};
use crate::{
    grid::Grid,
    mechanics::{ElementMatrix, element_matrix},
};

/// What the solver needs of a problem, in units of the largest force, Young's modulus and
/// thickness.
///
/// The units make the rules of the optimality criteria, which bracket the multiplier by absolute
/// numbers, independent of the units of the problem.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) grid: Grid,
    pub(crate) poisson_ratio: f64,
    pub(crate) ke: ElementMatrix,
    /// By degree of freedom.
    pub(crate) fixed: Vec<bool>,
    /// Nodal forces of each load case: (degree of freedom, force).
    pub(crate) cases: Vec<Vec<(usize, f64)>>,
    /// Row by row.
    pub(crate) cells: Vec<Cell>,
    /// The volume that the design shall have, in elements.
    pub(crate) target_volume: f64,
    /// Elements of the domain.
    pub(crate) n_domain: usize,
    /// What to multiply a compliance by to have it in the units of the problem.
    pub(crate) compliance_unit: f64,
    /// What to multiply a displacement by.
    pub(crate) displacement_unit: f64,
}

impl Model {
    /// The model of a problem that leaves something to design.
    pub(crate) fn of_task(problem: &Problem) -> Result<Self, ProblemError> {
        let model = Self::new(problem)?;
        if model.cells.len() == 1 { Err(ProblemError::OneElement) } else { Ok(model) }
    }

    /// The model of a problem in which a design can be judged.
    pub(crate) fn new(problem: &Problem) -> Result<Self, ProblemError> {
        let grid = problem.grid;
        check_numbers(problem)?;
        let cells = cells(problem)?;
        let n_domain = cells.iter().filter(|cell| cell.in_domain()).count();
        check_volume(problem.volume_fraction, &cells, n_domain)?;
        let fixed = fixed(problem)?;
        let (cases, force_unit) = cases(problem, &cells, &fixed)?;
        check_support(grid, &cells, &fixed, &cases)?;
        let stiffness_unit = problem.youngs_modulus * problem.thickness;
        let compliance_unit = force_unit * force_unit / stiffness_unit;
        if !compliance_unit.is_normal() {
            let what = "force² / (youngs_modulus · thickness)".to_owned();
            return Err(ProblemError::OutOfRange {
                what,
                value: compliance_unit,
                range: "within double precision",
            });
        }
        Ok(Self {
            grid,
            poisson_ratio: problem.poisson_ratio,
            ke: element_matrix(problem.poisson_ratio),
            fixed,
            cases,
            cells,
            target_volume: problem.volume_fraction * n_domain as f64,
            n_domain,
            compliance_unit,
            displacement_unit: force_unit / stiffness_unit,
        })
    }
}

impl Problem {
    /// Checks everything that can be checked before the first solve, and names what is missing.
    ///
    /// # Errors
    /// A [`ProblemError`] for values outside their range, places outside the grid, missing loads or
    /// supports, a load on void or on supports alone, a loaded part that can still move as a rigid
    /// body, passive regions that contradict each other, a volume fraction that they make
    /// impossible, and a grid of a single element.
    pub fn validate(&self) -> Result<(), ProblemError> {
        Model::of_task(self).map(|_| ())
    }
}

/// Refuses an empty or enormous grid.
pub(crate) fn check_grid(grid: Grid) -> Result<(), ProblemError> {
    match grid.nelx.checked_mul(grid.nely) {
        Some(1..=Grid::MAX_ELEMENTS) => Ok(()),
        _ => Err(ProblemError::GridSize { grid }),
    }
}

fn check_numbers(problem: &Problem) -> Result<(), ProblemError> {
    let grid = problem.grid;
    check_grid(grid)?;
    let check = |what: &str, value: f64, fine: bool, range| {
        if fine {
            Ok(())
        } else {
            Err(ProblemError::OutOfRange { what: what.to_owned(), value, range })
        }
    };
    let v = problem.volume_fraction;
    check("volume_fraction", v, v > 0.0 && v < 1.0, "between 0 and 1, both excluded")?;
    for (what, value) in [
        ("cell_size", problem.cell_size),
        ("thickness", problem.thickness),
        ("youngs_modulus", problem.youngs_modulus),
    ] {
        check(what, value, value > 0.0 && value.is_finite(), "positive and finite")?;
    }
    let nu = problem.poisson_ratio;
    check("poisson_ratio", nu, nu > -1.0 && nu <= 0.5, "above -1 and at most 0.5")
}

fn cells(problem: &Problem) -> Result<Vec<Cell>, ProblemError> {
    let grid = problem.grid;
    let mut cells = vec![Cell::Free; grid.n_elements()];
    for (second, passive) in problem.passive.iter().enumerate() {
        region::check(second, &passive.shape)?;
        for row in 0..grid.nely {
            for column in 0..grid.nelx {
                let covers = |region: &PassiveRegion| contains(&region.shape, grid, row, column);
                if !covers(passive) {
                    continue;
                }
                let cell = &mut cells[row * grid.nelx + column];
                if let Cell::Passive(first_kind) = *cell
                    && first_kind != passive.kind
                {
                    let first = problem.passive.iter().position(covers).unwrap_or(second);
                    let second_kind = passive.kind;
                    return Err(ProblemError::Overlap {
                        first,
                        first_kind,
                        second,
                        second_kind,
                        row,
                        column,
                    });
                }
                *cell = Cell::Passive(passive.kind);
            }
        }
    }
    if cells.contains(&Cell::Free) { Ok(cells) } else { Err(ProblemError::NothingFree) }
}

fn check_volume(volume_fraction: f64, cells: &[Cell], n_domain: usize) -> Result<(), ProblemError> {
    let share = |kind| {
        cells.iter().filter(|&&cell| cell == Cell::Passive(kind)).count() as f64 / n_domain as f64
    };
    let (least, most) = (share(PassiveKind::Solid), 1.0 - share(PassiveKind::Void));
    // The slack lets a volume fraction be written in decimals.
    let kind = if volume_fraction < least - 1e-9 {
        PassiveKind::Solid
    } else if volume_fraction > most + 1e-9 {
        PassiveKind::Void
    } else {
        return Ok(());
    };
    Err(ProblemError::Volume { volume_fraction, least, most, kind })
}

fn fixed(problem: &Problem) -> Result<Vec<bool>, ProblemError> {
    let grid = problem.grid;
    let mut fixed = vec![false; grid.n_dofs()];
    for (index, support) in problem.supports.iter().enumerate() {
        for (row, column, _) in nodes(&support.at, grid, &format!("support {index}"))? {
            let node = grid.node(row, column);
            fixed[2 * node] |= matches!(support.fix, Fix::X | Fix::Xy);
            fixed[2 * node + 1] |= matches!(support.fix, Fix::Y | Fix::Xy);
        }
    }
    if fixed.contains(&true) { Ok(fixed) } else { Err(ProblemError::NoSupport) }
}

/// Forces on the nodes by load case.
type Cases = Vec<Vec<(usize, f64)>>;

/// The forces of every load case in units of the largest one, and that unit.
fn cases(problem: &Problem, cells: &[Cell], fixed: &[bool]) -> Result<(Cases, f64), ProblemError> {
    let grid = problem.grid;
    if problem.load_cases.is_empty() {
        return Err(ProblemError::NoLoad);
    }
    let loads = problem.load_cases.iter().flat_map(|case| &case.loads);
    let largest = loads.map(|load| load.force[0].hypot(load.force[1])).fold(0.0, f64::max);
    let unit = if largest > 0.0 { largest } else { 1.0 };
    let mut cases = Vec::with_capacity(problem.load_cases.len());
    for (case, load_case) in problem.load_cases.iter().enumerate() {
        let mut forces = vec![0.0; grid.n_dofs()];
        for (load, Load { at, force }) in load_case.loads.iter().enumerate() {
            let what = format!("load {load} of load case {case}");
            for (axis, value) in ["x", "y"].into_iter().zip(*force) {
                if !value.is_finite() {
                    let what = format!("the {axis} force of {what}");
                    return Err(ProblemError::OutOfRange { what, value, range: "finite" });
                }
            }
            for (row, column, share) in nodes(at, grid, &what)? {
                if !grid.elements_at(row, column).any(|(i, j)| cells[i * grid.nelx + j].can_carry())
                {
                    return Err(ProblemError::LoadOnVoid { case, load, row, column });
                }
                let node = grid.node(row, column);
                forces[2 * node] += share * force[0] / unit;
                forces[2 * node + 1] += share * force[1] / unit;
            }
        }
        let mut forces: Vec<_> =
            forces.into_iter().enumerate().filter(|&(_, force)| force != 0.0).collect();
        if forces.is_empty() {
            return Err(ProblemError::LoadFree { case });
        }
        forces.retain(|&(dof, _)| !fixed[dof]);
        if forces.is_empty() {
            return Err(ProblemError::LoadOnSupport { case });
        }
        cases.push(forces);
    }
    Ok((cases, unit))
}
