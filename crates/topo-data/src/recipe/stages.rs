//! SIMP stage by stage, each from the design that the one before it ended with.

use std::ops::ControlFlow;

use ndarray::Array2;
use topo_simp::{Ended, Grid, Optimizer, Options, Problem, SimpError, Start};

/// Filter radius of the stage that sharpens a layout, in elements: just enough filter to prevent
/// hinges and checkerboards.
pub(crate) const SHARP_RADIUS: f64 = 1.2;

/// Filter radius of the stage that finds a layout, in elements; it keeps members about as thick on
/// every grid.
pub(crate) fn layout_radius(grid: Grid) -> f64 {
    (0.052 * grid.nely.min(grid.nelx) as f64).max(1.5)
}

/// What the stages made.
pub(crate) struct Staged {
    /// The last design; the start if no stage had any iterations.
    pub(crate) design: Array2<f64>,
    /// Compliance of that design as the solver handed it back; 0 if no stage had any iterations.
    pub(crate) compliance: f64,
    /// Compliance before each iteration, of all stages.
    pub(crate) history: Vec<f64>,
}

/// Runs stages of a filter radius and a largest number of iterations; `options` are those of a
/// radius. `go_on` is asked in every iteration; `None` if it says no.
pub(crate) fn run(
    optimizer: &mut Optimizer,
    problem: &Problem,
    mut start: Start,
    stages: &[(f64, usize)],
    options: impl Fn(f64) -> Options,
    go_on: &dyn Fn() -> ControlFlow<()>,
) -> Result<Option<Staged>, SimpError> {
    let (mut compliance, mut history) = (0.0, Vec::new());
    for &(radius, max_iterations) in stages.iter().filter(|stage| 0 < stage.1) {
        let options = Options { max_iterations, start, ..options(radius) };
        let solution = optimizer.optimize_with(problem, &options, |_| go_on())?;
        if solution.ended == Ended::Stopped {
            return Ok(None);
        }
        history.extend(solution.history);
        compliance = solution.compliance_returned;
        start = Start::Design(solution.design);
    }
    let design = match start {
        Start::Design(design) => design,
        Start::Uniform => {
            let shape = (problem.grid.nely, problem.grid.nelx);
            Array2::from_elem(shape, problem.volume_fraction)
        }
    };
    Ok(Some(Staged { design, compliance, history }))
}
