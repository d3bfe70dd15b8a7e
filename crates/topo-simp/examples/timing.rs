//! Milliseconds per SIMP iteration and per analysis on one thread, as a Markdown table: `cargo run
//! -p topo-simp --example timing` (a minute), or `… --example timing 96 48` for one grid.
#![expect(clippy::print_stdout, reason = "it is a measurement to be read")]

use std::time::Instant;

use topo_simp::{Filter, Grid, Optimizer, Options, Problem, SimpError, Solver};

fn main() -> Result<(), SimpError> {
    let given: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let sizes = match given[..] {
        [nelx, nely] => vec![(nelx, nely)],
        _ => vec![(60, 20), (64, 64), (96, 48), (128, 128), (192, 192), (256, 256), (512, 512)],
    };
    println!("| grid | direct | default | multigrid | analysis |\n|---|---|---|---|---|");
    for (nelx, nely) in sizes {
        let grid = Grid { nelx, nely };
        let direct = if grid.n_elements() > 1 << 17 {
            "–".to_owned()
        } else {
            format!("{:.2}", per_iteration(grid, Solver::Direct)?)
        };
        let default = per_iteration(grid, Solver::Auto)?;
        let multigrid = per_iteration(grid, Solver::Multigrid)?;
        let analysis = analysis(grid)?;
        println!("| {grid} | {direct} | {default:.2} | {multigrid:.2} | {analysis:.2} |");
    }
    Ok(())
}

/// The half MBB beam as the references were measured: density filter 2.4 at 60 × 20, else
/// sensitivity filter 2.0.
fn options(grid: Grid, solver: Solver, max_iterations: usize) -> Options {
    let (filter, radius) =
        if grid.nelx == 60 { (Filter::Density, 2.4) } else { (Filter::Sensitivity, 2.0) };
    Options { solver, max_iterations, tolerance: 0.0, ..Options::top88(filter, radius) }
}

/// Median of three runs of 40 iterations (5 of the direct solver from 128 × 128 on), less what a
/// run of one takes.
fn per_iteration(grid: Grid, solver: Solver) -> Result<f64, SimpError> {
    let problem = Problem::mbb(grid, 0.5);
    let mut optimizer = Optimizer::new(grid)?;
    let mut run = |n| {
        let begin = Instant::now();
        optimizer.optimize(&problem, &options(grid, solver, n))?;
        Ok::<_, SimpError>(begin.elapsed().as_secs_f64())
    };
    run(1)?;
    let n = if solver == Solver::Direct && grid.n_elements() >= 1 << 14 { 5 } else { 40 };
    let mut times = Vec::new();
    for _ in 0..3 {
        times.push(1e3 * (run(n + 1)? - run(1)?) / n as f64);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[1])
}

/// Median of five analyses of a design after 40 iterations.
fn analysis(grid: Grid) -> Result<f64, SimpError> {
    let problem = Problem::mbb(grid, 0.5);
    let mut optimizer = Optimizer::new(grid)?;
    let design = optimizer.optimize(&problem, &options(grid, Solver::Multigrid, 40))?.design;
    let mut times = Vec::new();
    for n in 0..6 {
        // Another stiffness each time: loads on the same one share its factorization.
        let design = design.mapv(|x| x * (1.0 - 1e-6 * f64::from(n)));
        let begin = Instant::now();
        optimizer.analyze(&problem, design.view(), 3.0)?;
        times.push(1e3 * begin.elapsed().as_secs_f64());
    }
    // The first one prepares.
    times.remove(0);
    times.sort_by(f64::total_cmp);
    Ok(times[2])
}
