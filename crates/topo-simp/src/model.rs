//! A problem put on its grid: fixed degrees of freedom, nodal forces, and the role of every
//! element.

use crate::{
    Fix, Grid, Load, Motion, PassiveKind, PassiveRegion, Place, Problem, ProblemError, Side,
    element::{ElementMatrix, element_matrix},
    region::contains,
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

/// The role of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Free,
    Passive(PassiveKind),
}

impl Cell {
    /// Whether the element counts in the volume and the filter.
    pub(crate) const fn in_domain(self) -> bool {
        !matches!(self, Self::Passive(PassiveKind::Outside))
    }

    /// Whether the element can have material.
    const fn can_carry(self) -> bool {
        matches!(self, Self::Free | Self::Passive(PassiveKind::Solid))
    }
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

fn check_numbers(problem: &Problem) -> Result<(), ProblemError> {
    let grid = problem.grid;
    grid.check()?;
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
        crate::region::check(second, &passive.shape)?;
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

/// The nodes of a place as (row, column, share of a load on the place).
fn nodes(place: &Place, grid: Grid, what: &str) -> Result<Vec<(usize, usize, f64)>, ProblemError> {
    let relative = |name: &str, value: f64| {
        if (0.0..=1.0).contains(&value) {
            Ok(value)
        } else {
            let what = format!("{name} of {what}");
            Err(ProblemError::OutOfRange { what, value, range: "in [0, 1]" })
        }
    };
    let column =
        |x: f64| Ok::<_, ProblemError>((relative("x", x)? * grid.nelx as f64).round() as usize);
    let row =
        |y: f64| Ok::<_, ProblemError>((relative("y", y)? * grid.nely as f64).round() as usize);
    let ordered = |name: &str, low: f64, high: f64| {
        if low <= high {
            Ok(())
        } else {
            let what = format!("the end of {what} in {name}");
            Err(ProblemError::OutOfRange { what, value: high, range: "at or after its beginning" })
        }
    };
    Ok(match *place {
        Place::Point([x, y]) => vec![(row(y)?, column(x)?, 1.0)],
        Place::Node([column, row]) => {
            if column > grid.nelx || row > grid.nely {
                return Err(ProblemError::NodeOutside { what: what.to_owned(), column, row, grid });
            }
            vec![(row, column, 1.0)]
        }
        Place::Edge(side) => side_nodes(side, grid, 0, side_length(side, grid)),
        Place::Segment { side, from, to } => {
            let length = side_length(side, grid);
            let snap = |name, s| {
                Ok::<_, ProblemError>((relative(name, s)? * length as f64).round() as usize)
            };
            let (first, last) = (snap("the beginning", from)?, snap("the end", to)?);
            ordered("position", from, to)?;
            side_nodes(side, grid, first, last)
        }
        Place::Area { min, max } => {
            let (rows, columns) = (row(min[1])?..=row(max[1])?, column(min[0])?..=column(max[0])?);
            ordered("x", min[0], max[0])?;
            ordered("y", min[1], max[1])?;
            let share = 1.0 / (rows.clone().count() * columns.clone().count()) as f64;
            rows.flat_map(|r| columns.clone().map(move |c| (r, c, share))).collect()
        }
    })
}

const fn side_length(side: Side, grid: Grid) -> usize {
    match side {
        Side::Left | Side::Right => grid.nely,
        Side::Top | Side::Bottom => grid.nelx,
    }
}

/// Nodes `first..=last` of a side; the shares are those of a constant line load.
fn side_nodes(side: Side, grid: Grid, first: usize, last: usize) -> Vec<(usize, usize, f64)> {
    let pieces = (last - first) as f64;
    let share = |s: usize| match (first == last, s == first || s == last) {
        (true, _) => 1.0,
        (false, true) => 0.5 / pieces,
        (false, false) => 1.0 / pieces,
    };
    (first..=last)
        .map(|s| match side {
            Side::Left => (s, 0, share(s)),
            Side::Right => (s, grid.nelx, share(s)),
            Side::Top => (0, s, share(s)),
            Side::Bottom => (grid.nely, s, share(s)),
        })
        .collect()
}

/// Every connected part of the domain that carries a load must be held against all three rigid
/// motions.
fn check_support(
    grid: Grid,
    cells: &[Cell],
    fixed: &[bool],
    cases: &Cases,
) -> Result<(), ProblemError> {
    let (part, n_parts) = parts(grid, cells);
    let mut holds = vec![Hold::default(); n_parts];
    let parts_at = |node: usize| {
        let (row, column) = (node / (grid.nelx + 1), node % (grid.nelx + 1));
        grid.elements_at(row, column).filter_map(|(i, j)| part[i * grid.nelx + j])
    };
    for node in 0..grid.n_nodes() {
        let (row, column) = (node / (grid.nelx + 1), node % (grid.nelx + 1));
        for p in parts_at(node) {
            if fixed[2 * node] {
                holds[p].x_at(row);
            }
            if fixed[2 * node + 1] {
                holds[p].y_at(column);
            }
        }
    }
    for (case, forces) in cases.iter().enumerate() {
        for &(dof, _) in forces {
            for p in parts_at(dof / 2) {
                if let Some(motion) = holds[p].free_motion() {
                    return Err(ProblemError::Unsupported { case, motion });
                }
            }
        }
    }
    Ok(())
}

/// What holds one part.
#[derive(Clone, Copy, Default)]
struct Hold {
    /// The row of the x supports, and whether there is more than one.
    x: Option<(usize, bool)>,
    /// The column of the y supports, and whether there is more than one.
    y: Option<(usize, bool)>,
}

impl Hold {
    fn x_at(&mut self, row: usize) {
        let (first, several) = self.x.unwrap_or((row, false));
        self.x = Some((first, several || row != first));
    }

    fn y_at(&mut self, column: usize) {
        let (first, several) = self.y.unwrap_or((column, false));
        self.y = Some((first, several || column != first));
    }

    /// A rigid motion that no support resists. Turning about the point (column of the y supports,
    /// row of the x supports) moves no support if each kind lies on one line.
    const fn free_motion(self) -> Option<Motion> {
        match (self.x, self.y) {
            (None, _) => Some(Motion::SlideX),
            (_, None) => Some(Motion::SlideY),
            (Some((_, false)), Some((_, false))) => Some(Motion::Turn),
            _ => None,
        }
    }
}

/// Parts of the elements that can carry, connected by sides: the part of each element, and how many
/// there are.
fn parts(grid: Grid, cells: &[Cell]) -> (Vec<Option<usize>>, usize) {
    let mut part = vec![None; cells.len()];
    let mut n_parts = 0;
    let mut stack = Vec::new();
    for start in 0..cells.len() {
        if part[start].is_some() || !cells[start].can_carry() {
            continue;
        }
        part[start] = Some(n_parts);
        stack.push(start);
        while let Some(element) = stack.pop() {
            let (i, j) = (element / grid.nelx, element % grid.nelx);
            let neighbors = [
                (i > 0).then(|| element - grid.nelx),
                (i + 1 < grid.nely).then(|| element + grid.nelx),
                (j > 0).then(|| element - 1),
                (j + 1 < grid.nelx).then(|| element + 1),
            ];
            for next in neighbors.into_iter().flatten() {
                if part[next].is_none() && cells[next].can_carry() {
                    part[next] = Some(n_parts);
                    stack.push(next);
                }
            }
        }
        n_parts += 1;
    }
    (part, n_parts)
}
