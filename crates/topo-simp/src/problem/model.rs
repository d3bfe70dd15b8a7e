//! A problem put on its grid: fixed degrees of freedom, nodal forces, and the role of every
//! element.

use super::{
    cell::Cell,
    error::ProblemError,
    places::{self, NodeShare},
    region::{self, contains},
    statement::{Fix, Load, PassiveKind, Problem, Spring},
    support::{Held, check_support},
    weight::Weight,
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
    /// Nodal forces of each load case times the root of its weight, without the weight of the
    /// structure: (degree of freedom, force). Compliances, which are quadratic in the forces, are
    /// then weighted.
    pub(crate) cases: Vec<Vec<(usize, f64)>>,
    /// The root of the weight of each load case.
    pub(crate) case_roots: Vec<f64>,
    /// The weight of the structure itself.
    pub(crate) weight: Option<Weight>,
    /// Springs to the ground on degrees of freedom that are free: (degree of freedom, stiffness).
    pub(crate) springs: Vec<(usize, f64)>,
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
        let stiffness_unit = problem.youngs_modulus * problem.thickness;
        let springs = springs(problem, &fixed, stiffness_unit)?;
        if !fixed.contains(&true) && springs.is_empty() {
            return Err(ProblemError::NoSupport);
        }
        let target_volume = problem.volume_fraction * n_domain as f64;
        let (cases, force_unit) = cases(problem, &cells, &fixed, target_volume)?;
        let weight = Weight::of(problem, force_unit);
        let held = Held { fixed: &fixed, springs: &springs };
        check_support(grid, &cells, held, &cases, weight.is_some())?;
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
            case_roots: case_roots(problem),
            cases,
            weight,
            springs,
            cells,
            target_volume,
            n_domain,
            compliance_unit,
            displacement_unit: force_unit / stiffness_unit,
        })
    }
}

impl Model {
    /// The density below which the modulus is linear: 0 without a weight of the structure.
    pub(crate) fn linear_below(&self) -> f64 {
        if self.weight.is_some() { Weight::LINEAR_BELOW } else { 0.0 }
    }
}

impl Problem {
    /// Checks everything that can be checked before the first solve, and names what is missing.
    ///
    /// # Errors
    /// A [`ProblemError`] for values outside their range, places outside the grid, missing loads or
    /// supports, a load on void or on supports alone, a loaded part that can still move as a rigid
    /// body, a volume fraction that the passive regions make impossible, and a grid of a single
    /// element.
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
    let range = match v {
        2.0..=100.0 => "between 0 and 1: a share, not in percent",
        _ => "between 0 and 1, both excluded",
    };
    check("volume_fraction", v, v > 0.0 && v < 1.0, range)?;
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
    for (region, passive) in problem.passive.iter().enumerate() {
        region::check(region, &passive.shape)?;
        for row in 0..grid.nely {
            for column in 0..grid.nelx {
                if contains(&passive.shape, grid, row, column) {
                    cells[row * grid.nelx + column] = Cell::Passive(passive.kind);
                }
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
        for (row, column) in places::held(&support.at, grid, &format!("support {index}"))? {
            let node = grid.node(row, column);
            fixed[2 * node] |= matches!(support.fix, Fix::X | Fix::Xy);
            fixed[2 * node + 1] |= matches!(support.fix, Fix::Y | Fix::Xy);
        }
    }
    Ok(fixed)
}

/// The springs of all free degrees of freedom, in units of a stiffness.
fn springs(
    problem: &Problem,
    fixed: &[bool],
    unit: f64,
) -> Result<Vec<(usize, f64)>, ProblemError> {
    let mut stiffness = vec![0.0; fixed.len()];
    for (index, Spring { at, stiffness: total }) in problem.springs.iter().enumerate() {
        let what = format!("spring {index}");
        for (axis, &value) in ["x", "y"].into_iter().zip(total) {
            if !(0.0 <= value && value.is_finite()) {
                let what = format!("the {axis} stiffness of {what}");
                return Err(ProblemError::OutOfRange {
                    what,
                    value,
                    range: "0 or more, and finite",
                });
            }
        }
        for NodeShare { row, column, share } in places::shares(at, problem.grid, &what)? {
            let node = problem.grid.node(row, column);
            for axis in 0..2 {
                stiffness[2 * node + axis] += share * total[axis] / unit;
            }
        }
    }
    let springs = stiffness.into_iter().enumerate();
    Ok(springs.filter(|&(dof, k)| 0.0 < k && !fixed[dof]).collect())
}

/// The root of the weight of each load case; one case if only the structure weighs something.
fn case_roots(problem: &Problem) -> Vec<f64> {
    let roots = problem.load_cases.iter().map(|case| case.weight.sqrt());
    if problem.load_cases.is_empty() { vec![1.0] } else { roots.collect() }
}

/// Forces on the nodes by load case.
type Cases = Vec<Vec<(usize, f64)>>;

/// The forces of every load case in units of the largest one, and that unit.
fn cases(
    problem: &Problem,
    cells: &[Cell],
    fixed: &[bool],
    target_volume: f64,
) -> Result<(Cases, f64), ProblemError> {
    let grid = problem.grid;
    for (axis, value) in ["x", "y"].into_iter().zip(problem.self_weight.unwrap_or_default()) {
        if !value.is_finite() {
            let what = format!("the {axis} component of self_weight");
            return Err(ProblemError::OutOfRange { what, value, range: "finite" });
        }
    }
    let own_weight = Weight::total(problem, target_volume);
    if problem.load_cases.is_empty() {
        return if 0.0 < own_weight {
            Ok((vec![Vec::new()], own_weight))
        } else {
            Err(ProblemError::NoLoad)
        };
    }
    let loads = problem.load_cases.iter().flat_map(|case| &case.loads);
    let largest = loads.map(|load| load.force[0].hypot(load.force[1])).fold(own_weight, f64::max);
    let unit = if largest > 0.0 { largest } else { 1.0 };
    let mut cases = Vec::with_capacity(problem.load_cases.len());
    for (case, load_case) in problem.load_cases.iter().enumerate() {
        let weight = load_case.weight;
        if !(0.0 < weight && weight.is_finite()) {
            let what = format!("the weight of load case {case}");
            return Err(ProblemError::OutOfRange {
                what,
                value: weight,
                range: "positive and finite",
            });
        }
        let root = weight.sqrt();
        let mut forces = vec![0.0; grid.n_dofs()];
        for (load, Load { at, force }) in load_case.loads.iter().enumerate() {
            let what = format!("load {load} of load case {case}");
            for (axis, value) in ["x", "y"].into_iter().zip(*force) {
                if !value.is_finite() {
                    let what = format!("the {axis} force of {what}");
                    return Err(ProblemError::OutOfRange { what, value, range: "finite" });
                }
            }
            for NodeShare { row, column, share } in places::shares(at, grid, &what)? {
                if !grid.elements_at(row, column).any(|(i, j)| cells[i * grid.nelx + j].can_carry())
                {
                    return Err(ProblemError::LoadOnVoid { case, load, row, column });
                }
                let node = grid.node(row, column);
                // Divided by the unit last, so that a unit load is exactly 1.
                forces[2 * node] += share * root * force[0] / unit;
                forces[2 * node + 1] += share * root * force[1] / unit;
            }
        }
        let mut forces: Vec<_> =
            forces.into_iter().enumerate().filter(|&(_, force)| force != 0.0).collect();
        if forces.is_empty() && own_weight == 0.0 {
            return Err(ProblemError::LoadFree { case });
        }
        forces.retain(|&(dof, _)| !fixed[dof]);
        if forces.is_empty() && own_weight == 0.0 {
            return Err(ProblemError::LoadOnSupport { case });
        }
        cases.push(forces);
    }
    Ok((cases, unit))
}
