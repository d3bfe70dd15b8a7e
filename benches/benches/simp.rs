//! SIMP on one thread: iterations with the symbolic phase prepared, whole solves, and the analysis
//! of one design.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use topo_simp::{Filter, Grid, Optimizer, Options, Problem, Solver, Start};

const SIZES: [(usize, usize); 5] = [(60, 20), (64, 64), (128, 128), (256, 256), (512, 512)];
const ITERATIONS: usize = 20;

/// The half MBB beam as the references were measured: density filter 2.4 at 60 × 20, else
/// sensitivity filter 2.0.
fn case((nelx, nely): (usize, usize), solver: Solver) -> (Problem, Options) {
    let (filter, radius) =
        if nelx == 60 { (Filter::Density, 2.4) } else { (Filter::Sensitivity, 2.0) };
    let problem = Problem::mbb(Grid { nelx, nely }, 0.5);
    (problem, Options { solver, ..Options::top88(filter, radius) })
}

/// Both solvers where the direct one takes less than a second.
fn solvers(grid: Grid) -> impl Iterator<Item = (Solver, &'static str)> {
    let both = [(Solver::Direct, "direct"), (Solver::Multigrid, "multigrid")];
    both.into_iter().skip(usize::from(grid.n_elements() > 1 << 17))
}

fn iterations(c: &mut Criterion) {
    let mut group = c.benchmark_group("iterations");
    group.throughput(Throughput::Elements(ITERATIONS as u64)).sample_size(10);
    for size in SIZES {
        let (problem, _) = case(size, Solver::Auto);
        let mut optimizer = Optimizer::new(problem.grid).unwrap();
        for (solver, name) in solvers(problem.grid) {
            let (_, options) = case(size, solver);
            let options = Options { max_iterations: ITERATIONS, tolerance: 0.0, ..options };
            group.bench_function(BenchmarkId::new(name, problem.grid), |b| {
                b.iter(|| optimizer.optimize(&problem, &options).unwrap());
            });
        }
    }
    group.finish();
}

/// To convergence, or 100 iterations, of which a designer sees the result.
fn solve(c: &mut Criterion) {
    let mut group = c.benchmark_group("solve");
    group.sample_size(10).warm_up_time(Duration::from_millis(1));
    for size in SIZES {
        for (solver, name) in solvers(Grid { nelx: size.0, nely: size.1 }) {
            if 256 <= size.0 && solver == Solver::Direct {
                continue;
            }
            let (problem, options) = case(size, solver);
            let options = Options { max_iterations: 100, ..options };
            group.bench_function(BenchmarkId::new(name, problem.grid), |b| {
                b.iter(|| Optimizer::new(problem.grid).unwrap().optimize(&problem, &options));
            });
        }
    }
    group.finish();
}

fn analysis(c: &mut Criterion) {
    let mut group = c.benchmark_group("analysis");
    group.sample_size(10);
    for size in SIZES {
        let (problem, options) = case(size, Solver::Multigrid);
        let mut optimizer = Optimizer::new(problem.grid).unwrap();
        let options = Options { max_iterations: 40, start: Start::Uniform, ..options };
        let design = optimizer.optimize(&problem, &options).unwrap().design;
        group.bench_function(BenchmarkId::from_parameter(problem.grid), |b| {
            b.iter(|| optimizer.analyze(&problem, design.view(), 3.0).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, iterations, solve, analysis);
criterion_main!(benches);
