//! Ten SIMP iterations with the symbolic phase prepared, on one thread; throughput is in iterations.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use topo_simp::{Filter, Grid, Optimizer, Options, Problem};

const ITERATIONS: usize = 10;

fn iterations(c: &mut Criterion) {
    let mut group = c.benchmark_group("half MBB, density filter");
    group.throughput(Throughput::Elements(ITERATIONS as u64)).sample_size(10);
    for (nelx, nely) in [(60, 20), (64, 64), (96, 48)] {
        let grid = Grid { nelx, nely };
        let problem = Problem::mbb(grid, 0.5);
        let options =
            Options { max_iterations: ITERATIONS, ..Options::top88(Filter::Density, 2.4) };
        let mut optimizer = Optimizer::new(grid).unwrap();
        group.bench_function(BenchmarkId::from_parameter(format!("{nelx}x{nely}")), |b| {
            b.iter(|| optimizer.optimize(&problem, &options).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, iterations);
criterion_main!(benches);
