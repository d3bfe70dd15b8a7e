//! Rounds of re-encoding: exact volumes, fixed points, counts, and rows that do not meet.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::float_cmp, reason = "what is cut is exactly 0 or 1")]

use candle_core::{DType, Device};
use ndarray::{Array2, Array3, Axis};
use proptest::prelude::*;
use rand::Rng;
use rand_distr::StandardNormal;
use topo_data::Domain;
use topo_simp::{Grid, PassiveKind, Problem, Shape};
use vae_base::stream;
use vae_data::ProblemMaps;
use vae_design::{DesignError, settle};
use vae_models::{
    Activation, ConditionStats, Decoder, Encoder, Fields, Head, Likelihood, ModelConfig, Vae,
};
use vae_nn::Parameters;
use vae_train::data::Given;

const GRID: Grid = Grid { nelx: 10, nely: 7 };
const LATENTS: usize = 3;
const MAPS: usize = 2;

/// A model that is told one condition and the problem, or only the condition.
fn model(told: bool) -> Vae {
    let names = (0..MAPS).map(|map| map.to_string()).collect();
    let config = ModelConfig {
        height: GRID.nely,
        width: GRID.nelx,
        latent_dim: LATENTS,
        encoder: Encoder::Strided { channels: vec![4, 6], normalized: false },
        decoder: Decoder::Transposed {
            channels: vec![6, 4],
            kernel: 4,
            head: Head::Transposed,
            normalized: false,
            activation: Activation::LeakyRelu,
        },
        likelihood: Likelihood::Bernoulli,
        conditions: vec![ConditionStats::from_values("volume", "", &[0.2, 0.8]).unwrap()],
        embedding: None,
        fields: told.then(|| Fields {
            recipe: "test-1".into(),
            names,
            pooled: 5,
            averaged: true,
            prior: 6,
            blocks: 0,
            decoder_blocks: 0,
        }),
    };
    let parameters = Parameters::new(2, DType::F32, Device::Cpu);
    let vae = Vae::new(&config, parameters.var_builder()).unwrap();
    // Larger than weights begin, so that a code and a design say something.
    for (_, weight) in parameters.trainable() {
        weight.set(&(weight.as_tensor() * 2.0).unwrap()).unwrap();
    }
    vae
}

/// Everywhere free, or with a hole, a solid edge and a corner outside the domain.
fn domain(kind: usize, volume_fraction: f64) -> Domain {
    let problem = Problem::cantilever(GRID, volume_fraction);
    let rectangle = |min, max| Shape::Rectangle { min, max };
    let problem = match kind % 3 {
        0 => problem,
        1 => problem
            .with_passive(PassiveKind::Void, Shape::Circle { center: [0.4, 0.5], radius: 0.2 }),
        _ => problem
            .with_passive(PassiveKind::Solid, rectangle([0.0, 0.0], [1.0, 0.1]))
            .with_passive(PassiveKind::Outside, rectangle([0.7, 0.3], [0.9, 0.6])),
    };
    Domain::of(&problem).unwrap()
}

/// Codes, what the model is told, and domains, of `n` rows.
fn rows(vae: &Vae, n: usize, seed: u64) -> (Array2<f32>, Given, Vec<Domain>) {
    let mut rng = stream(seed, "rows", 0);
    let codes = Array2::from_shape_simple_fn((n, LATENTS), || rng.sample(StandardNormal));
    let conditions = Array2::from_shape_simple_fn((n, 1), || rng.random_range(0.2..0.8_f32));
    let domains =
        conditions.iter().enumerate().map(|(row, &c)| domain(row, f64::from(c))).collect();
    let mut maps = || {
        let shape = (MAPS, GRID.nely, GRID.nelx);
        let values = Array3::from_shape_simple_fn(shape, || rng.sample::<f64, _>(StandardNormal));
        ProblemMaps::new(values.view())
    };
    let fields = match vae.config().fields {
        Some(_) => (0..n).map(|_| maps()).collect(),
        None => Vec::new(),
    };
    (codes, Given::new(conditions, fields), domains)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_design_has_exactly_the_volume_of_its_domain(
        told in any::<bool>(),
        n in 1_usize..6,
        rounds in 0_usize..5,
        seed in any::<u64>(),
    ) {
        let vae = model(told);
        let (codes, given, domains) = rows(&vae, n, seed);
        let settled = settle(&vae, &given, &domains, &codes, rounds).unwrap();
        prop_assert_eq!(settled.designs.dim(), (n, GRID.nely, GRID.nelx));
        prop_assert_eq!(settled.codes.dim(), (n, LATENTS));
        for ((design, domain), count) in
            settled.designs.outer_iter().zip(&domains).zip(&settled.rounds)
        {
            prop_assert!(*count <= rounds);
            prop_assert!(design.iter().all(|&x| x == 0.0 || x == 1.0));
            let inside = domain.mean(design.iter().map(|_| 1.0));
            prop_assert_eq!(inside, 1.0);
            // As near to the volume as a whole number of elements can be.
            let elements = match domain.mask() {
                None => GRID.n_elements(),
                // What is not free and void may lie outside: only the free ones are counted then.
                Some(mask) => mask.iter().map(|&role| usize::from(role == vae_data::FREE)).sum::<usize>(),
            };
            let free = |i: usize| domain.mask().is_none_or(|mask| mask[i] == vae_data::FREE);
            let solid =
                design.iter().enumerate().filter(|&(i, &x)| free(i) && x == 1.0).count();
            let wanted = domain.free_fraction() * elements as f64;
            prop_assert!((solid as f64 - wanted).abs() <= 0.5 + 1e-4, "{} of {}", solid, wanted);
            for (i, &x) in design.iter().enumerate().filter(|&(i, _)| !free(i)) {
                let role = domain.mask().unwrap()[i];
                prop_assert_eq!(x, if role == vae_data::SOLID { 1.0 } else { 0.0 });
            }
        }
    }
}

/// Rounds one by one are the same walk, and end where it ends.
#[test]
fn the_walk_is_that_of_single_rounds_and_stops_at_a_fixed_point() {
    const ROUNDS: usize = 12;
    let mut stopped = 0;
    for told in [true, false] {
        let vae = model(told);
        for seed in 0..12 {
            let (codes, given, domains) = rows(&vae, 1, seed);
            let settled = settle(&vae, &given, &domains, &codes, ROUNDS).unwrap();
            let start = settle(&vae, &given, &domains, &codes, 0).unwrap();
            assert_eq!((start.rounds, &start.codes), (vec![0], &codes));
            let (mut codes, mut designs, mut changes) = (codes, start.designs, 0);
            for _ in 0..ROUNDS {
                let next = settle(&vae, &given, &domains, &codes, 1).unwrap();
                let changed = next.designs != designs;
                assert_eq!(next.rounds, [usize::from(changed)]);
                codes = next.codes;
                designs = next.designs;
                changes += usize::from(changed);
                if !changed {
                    break;
                }
            }
            assert_eq!(settled.designs, designs);
            assert_eq!(settled.codes, codes);
            assert_eq!(settled.rounds, [changes]);

            if changes < ROUNDS {
                stopped += 1;
                let again = settle(&vae, &given, &domains, &settled.codes, ROUNDS).unwrap();
                assert_eq!((again.rounds, again.designs), (vec![0], settled.designs));
            }
        }
    }
    assert!(6 <= stopped, "{stopped} of 24 walks come to rest");
}

/// More rows than a pass takes, of which some stop and others go on.
#[test]
fn a_batch_is_its_rows_one_by_one() {
    let vae = model(true);
    let n = 70;
    let (codes, given, domains) = rows(&vae, n, 5);
    let together = settle(&vae, &given, &domains, &codes, 6).unwrap();
    assert!(together.rounds.iter().any(|&rounds| rounds != together.rounds[0]));
    for row in 0..n {
        let alone = settle(
            &vae,
            &given.select(&[row]),
            &domains[row..=row],
            &codes.select(Axis(0), &[row]),
            6,
        )
        .unwrap();
        assert_eq!(alone.rounds[0], together.rounds[row], "row {row}");
        assert_eq!(alone.designs.index_axis(Axis(0), 0), together.designs.index_axis(Axis(0), row));
        for (alone, together) in alone.codes.iter().zip(together.codes.row(row)) {
            assert!((alone - together).abs() < 1e-4, "{alone} and {together}");
        }
    }
}

#[test]
fn no_code_is_no_design_and_what_is_not_the_models_is_refused() {
    let vae = model(true);
    let (codes, given, domains) = rows(&vae, 2, 1);
    let none = settle(&vae, &given.select(&[]), &[], &codes.select(Axis(0), &[]), 3).unwrap();
    assert_eq!((none.designs.len(), none.rounds.len()), (0, 0));

    let untold = Given::new(given.conditions().clone(), Vec::new());
    let error = settle(&vae, &untold, &domains, &codes, 3).unwrap_err();
    assert!(matches!(error, DesignError::Told(_)), "{error:?}");
    let short = codes.select(Axis(1), &[0, 1]);
    let error = settle(&vae, &given, &domains, &short, 3).unwrap_err();
    assert!(matches!(error, DesignError::Model(_)), "{error:?}");
}
