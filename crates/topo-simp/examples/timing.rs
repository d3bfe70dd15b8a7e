//! Milliseconds per iteration on one thread: `cargo run -p topo-simp --example timing`, or `… --example timing 96 48`.
#![expect(clippy::print_stdout, reason = "it is a measurement to be read")]

use std::time::Instant;

use topo_simp::{Filter, Grid, Optimizer, Options, Problem, SimpError};

fn main() -> Result<(), SimpError> {
    let given: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let sizes = match given[..] {
        [nelx, nely] => vec![(nelx, nely)],
        _ => vec![(60, 20), (64, 64), (96, 48), (150, 50), (256, 256)],
    };
    for (nelx, nely) in sizes {
        let grid = Grid { nelx, nely };
        let begin = Instant::now();
        let mut optimizer = Optimizer::new(grid)?;
        let prepare = begin.elapsed().as_secs_f64();
        let n = if nelx < 200 { 50 } else { 10 };
        let options =
            Options { max_iterations: n, tolerance: 0.0, ..Options::top88(Filter::Density, 2.0) };
        let mut best = f64::INFINITY;
        for _ in 0..3 {
            let begin = Instant::now();
            let solution = optimizer.optimize(&Problem::cantilever(grid, 0.4), &options)?;
            best = best.min(begin.elapsed().as_secs_f64() / (solution.iterations + 1) as f64);
        }
        println!("{grid}: {:.2} ms per iteration, {:.1} ms to prepare", 1e3 * best, 1e3 * prepare);
    }
    Ok(())
}
