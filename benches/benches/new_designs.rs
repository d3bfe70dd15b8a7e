//! Drawing and judging new designs of 48 × 96 by a model that is told the problem: what `vae sample
//! --exact-volume` does for each design once the run is open. Throughput is in designs.
//!
//! The weights are new, so that no round leaves a design as it is: all eight are made, which is
//! the longest that it can take. The flow's 16 steps are left out; they are as many multiplications
//! as a third of a decoding.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use candle_core::{DType, Device};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use topo_data::{Domain, FieldRecipe, fields_of, judge_all};
use topo_simp::{Grid, Problem};
use vae_design::{Settled, settle};
use vae_models::{Fields, ModelConfig, Vae};
use vae_nn::Parameters;
use vae_train::codes::prior_draws;
use vae_train::data::Given;

const DRAWS: usize = 64;
const ROUNDS: usize = 8;

fn new_designs(c: &mut Criterion) {
    let problem = Problem::cantilever(Grid { nelx: 96, nely: 48 }, 0.4);
    let recipe = FieldRecipe::Stresses;
    let config = ModelConfig {
        fields: Some(Fields {
            recipe: recipe.name().to_owned(),
            names: recipe.channels().into_iter().map(|channel| channel.name).collect(),
            pooled: 64,
            averaged: true,
            prior: 128,
            blocks: 4,
            decoder_blocks: 1,
        }),
        ..ModelConfig::compact(48, 96, Vec::new())
    };
    let parameters = Parameters::new(1, DType::F32, Device::Cpu);
    let vae = Vae::new(&config, parameters.var_builder()).unwrap();
    let given = Given::repeated(&[], Some(&fields_of(recipe, &problem).unwrap()), DRAWS);
    let domains = vec![Domain::of(&problem).unwrap(); DRAWS];
    let problems = vec![problem; DRAWS];
    let codes = prior_draws(config.latent_dim, DRAWS, 1);
    let drawn = || -> Settled { settle(&vae, &given, &domains, &codes, ROUNDS).unwrap() };
    let designs = drawn().designs;

    let mut group = c.benchmark_group("new designs, 48x96");
    group.throughput(Throughput::Elements(DRAWS as u64)).sample_size(10);
    group.bench_function("draw, eight rounds", |b| b.iter(drawn));
    group.bench_function("judge", |b| b.iter(|| judge_all(&problems, designs.view()).unwrap()));
    group.finish();
}

criterion_group!(benches, new_designs);
criterion_main!(benches);
