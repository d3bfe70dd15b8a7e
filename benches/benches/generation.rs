//! Making many designs: what `vae simp generate` does, on one thread and on two.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use std::ops::ControlFlow;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rayon::ThreadPoolBuilder;
use topo_data::{GenerateSpec, generate};

/// Families, their rows and columns, and how many problems: enough that no thread waits long for
/// the last one.
const SETS: [(&str, (usize, usize), usize); 6] = [
    ("mbb-half", (20, 60), 16),
    ("cantilever", (48, 96), 16),
    ("mixed", (64, 64), 16),
    ("mixed", (128, 128), 8),
    ("mixed", (256, 256), 4),
    ("mixed", (512, 512), 2),
];

fn generation(c: &mut Criterion) {
    let mut group = c.benchmark_group("generation");
    group.sample_size(10);
    for (family, (height, width), problems) in SETS {
        let spec = GenerateSpec {
            height,
            width,
            problems: Some(problems),
            variants: 1,
            ..GenerateSpec::for_family(family).unwrap()
        };
        group.throughput(Throughput::Elements(problems as u64));
        for threads in [1, 2] {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let name = format!("{family} {height}x{width}");
            group.bench_function(BenchmarkId::new(name, threads), |b| {
                b.iter(|| {
                    let folder = tempfile::tempdir().unwrap();
                    let out = folder.path().join("made");
                    pool.install(|| generate(&spec, "bench", &out, &|_| ControlFlow::Continue(())))
                        .unwrap()
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, generation);
criterion_main!(benches);
