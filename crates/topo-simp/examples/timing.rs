//! Milliseconds per iteration on one thread: `cargo run -p topo-simp --example timing`, or `… --example timing 96 48`.
#![expect(clippy::print_stdout, reason = "it is a measurement to be read")]

use std::time::Instant;

use ndarray::Array2;
use topo_simp::{Filter, Grid, Optimizer, Options, Problem, SimpError, Solver};

fn main() -> Result<(), SimpError> {
    let given: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let sizes = match given[..] {
        [nelx, nely] => vec![(nelx, nely)],
        _ => vec![(60, 20), (64, 64), (96, 48), (128, 128), (256, 256), (512, 512)],
    };
    for (nelx, nely) in sizes {
        let grid = Grid { nelx, nely };
        let filter = if nelx == 60 { Filter::Density } else { Filter::Sensitivity };
        let radius = if nelx == 60 { 2.4 } else { 2.0 };
        for solver in [Solver::Direct, Solver::Multigrid] {
            if solver == Solver::Direct && grid.n_elements() > 1 << 17 {
                continue;
            }
            let problem = Problem::mbb(grid, 0.5);
            let mut optimizer = Optimizer::new(grid)?;
            let options = |n| Options {
                max_iterations: n,
                tolerance: 0.0,
                solver,
                ..Options::top88(filter, radius)
            };
            let mut run = |n| {
                let begin = Instant::now();
                optimizer.optimize(&problem, &options(n))?;
                Ok::<_, SimpError>(begin.elapsed().as_secs_f64())
            };
            let n = if nelx < 200 { 50 } else { 10 };
            run(1)?;
            let mut times = Vec::new();
            for _ in 0..3 {
                times.push((run(n + 1)? - run(1)?) / n as f64);
            }
            let iteration = times.iter().copied().fold(f64::INFINITY, f64::min);
            println!("{grid} {solver:?}: {:.3} ms per iteration", 1e3 * iteration);
        }
        let mut optimizer = Optimizer::new(grid)?;
        let problem = Problem::mbb(grid, 0.5);
        let options = Options {
            solver: Solver::Multigrid,
            max_iterations: 40,
            ..Options::top88(filter, radius)
        };
        let design: Array2<f64> = optimizer.optimize(&problem, &options)?.design;
        optimizer.analyze(&problem, design.view(), 3.0)?;
        let begin = Instant::now();
        optimizer.analyze(&problem, design.view(), 3.0)?;
        println!("{grid}: {:.3} ms to analyze a design", 1e3 * begin.elapsed().as_secs_f64());
    }
    Ok(())
}
