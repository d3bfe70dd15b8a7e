//! The search in the latent space of a small trained model: it stays where the model is trusted,
//! and never ends softer than it began.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use candle_core::{DType, Device, Tensor};
use ndarray::{Array2, Axis, s};
use rand::Rng;
use rand_distr::StandardNormal;
use topo_data::Judge;
use topo_simp::{Fix, Grid, Place, Problem, Side};
use vae_base::stream;
use vae_design::{
    Candidate, Objective, Origin, Projection, Search, Start, Task, TrustRegion, candidates,
    neighbors, search,
};
use vae_models::{Activation, Context, Decoder, Dense, Encoder, Likelihood, ModelConfig, Vae};
use vae_nn::{Adam, AdamConfig, Parameters};
use vae_train::data::Given;

const GRID: Grid = Grid { nelx: 16, nely: 8 };
const LATENTS: usize = 3;
const SEEDS: u64 = 20;
/// Prior samples of a seed.
const SAMPLES: usize = 4;

/// A cantilever loaded at some height of its right edge.
fn problem(load_y: f64) -> Problem {
    Problem::new(GRID, 0.4)
        .with_support(Place::Edge(Side::Left), Fix::Xy)
        .with_load_case([(Place::Point([1.0, load_y]), [0.0, -1.0])])
}

/// SIMP designs for nine heights of the load and three starts, each an array of 0 and 1.
fn designs() -> Vec<Vec<f32>> {
    let mut judge = Judge::new(GRID).unwrap();
    let mut designs = Vec::new();
    for row in 0..=8 {
        let problem = problem(f64::from(row) / 8.0);
        let projection = Projection::new(&problem, 1.0, None).unwrap();
        for seed in 0..3 {
            let design = judge.from_random_start(&problem, seed).unwrap().design;
            let logits: Vec<f64> = design.iter().copied().collect();
            designs.push(projection.project(&logits).cut().iter().copied().collect());
        }
    }
    designs
}

/// An unconditional model of these designs, and draws from its aggregate posterior.
fn trained() -> (Vae, Array2<f64>) {
    let config = ModelConfig {
        height: GRID.nely,
        width: GRID.nelx,
        latent_dim: LATENTS,
        encoder: Encoder::Dense(Dense { widths: vec![32], activation: Activation::Relu }),
        decoder: Decoder::Dense(Dense { widths: vec![32], activation: Activation::Relu }),
        likelihood: Likelihood::Bernoulli,
        conditions: Vec::new(),
        embedding: None,
        fields: None,
    };
    let designs = designs();
    let n = designs.len();
    let xs =
        Tensor::from_vec(designs.concat(), (n, 1, GRID.nely, GRID.nelx), &Device::Cpu).unwrap();
    let parameters = Parameters::new(3, DType::F32, Device::Cpu);
    let vae = Vae::new(&config, parameters.var_builder()).unwrap();
    let config = AdamConfig { lr: 0.01, ..AdamConfig::default() };
    let mut adam = Adam::new(parameters.trainable(), config).unwrap();
    let noise = |step: u64| {
        let mut rng = stream(5, "noise", step);
        let draws: Vec<f32> = (0..n * LATENTS).map(|_| rng.sample(StandardNormal)).collect();
        Tensor::from_vec(draws, (n, LATENTS), &Device::Cpu).unwrap()
    };
    for step in 0..400 {
        let terms = vae.elbo(&xs, &Context::default(), &noise(step), None, true).unwrap();
        let loss = terms.value().unwrap().mean_all().unwrap().neg().unwrap();
        adam.step(&loss.backward().unwrap()).unwrap();
    }
    let posterior = vae.encode(&xs, &Context::default(), false).unwrap();
    let draws = |step| -> Vec<f32> {
        let codes = posterior.reparameterize(&noise(step)).unwrap();
        codes.flatten_all().unwrap().to_vec1().unwrap()
    };
    let codes: Vec<f64> = (0..8).flat_map(|k| draws(1000 + k)).map(f64::from).collect();
    (vae, Array2::from_shape_vec((8 * n, LATENTS), codes).unwrap())
}

/// What a model without conditions and fields is told, once.
fn unconditional() -> Given {
    Given::repeated(&[], None, 1)
}

fn prior_sample(seed: u64, i: usize) -> Vec<f64> {
    let mut rng = stream(seed, "prior", i as u64);
    (0..LATENTS).map(|_| rng.sample(StandardNormal)).collect()
}

#[test]
fn twenty_seeds_end_at_least_as_stiff_as_their_best_prior_sample_inside_the_region() {
    let (vae, codes) = trained();
    let region = TrustRegion::fit(codes.view(), 0.9).unwrap();
    // A load between those of the training designs.
    let problem = problem(0.3);
    let projection = Projection::new(&problem, 1.0, None).unwrap();
    let mut objective = Objective::new(&vae, &unconditional(), &problem, &projection).unwrap();
    let (mut not_softer, mut stiffer) = (0, 0);
    for seed in 0..SEEDS {
        let (mut sampled, mut searched) = (f64::INFINITY, f64::INFINITY);
        for i in 0..SAMPLES {
            let start = prior_sample(seed, i);
            // The sample as it is, inside or not.
            let point = objective.at(&start).unwrap();
            sampled = sampled.min(objective.compliance_cut(&point).unwrap());
            let options = Search { steps: 20, goal: None };
            let found = search(&mut objective, &region, &start, options).unwrap();
            assert!(region.contains(&found.start.latent) && region.contains(&found.best.latent));
            assert!(found.best.compliance <= found.start.compliance);
            assert!((found.best.design.sum() - 51.0).abs() < 1e-6, "0.4 of 128 elements");
            searched = searched.min(found.best.compliance);
        }
        not_softer += usize::from(searched <= sampled);
        stiffer += usize::from(searched < 0.99 * sampled);
    }
    assert_eq!(not_softer, 20, "of 20 seeds");
    assert!(stiffer >= 10, "the search finds something: {stiffer} of 20 seeds gain 1 %");
}

#[test]
fn every_code_that_is_decoded_lies_inside() {
    let (vae, codes) = trained();
    let problem = problem(0.3);
    let projection = Projection::new(&problem, 1.0, None).unwrap();
    let mut objective = Objective::new(&vae, &unconditional(), &problem, &projection).unwrap();
    // A region so small that its boundary is met at once.
    let region = TrustRegion::fit(codes.view(), 0.05).unwrap();
    let mut on_boundary = 0;
    for i in 0..6 {
        let options = Search { steps: 12, goal: None };
        let mut asked = Vec::new();
        let start = prior_sample(7, i);
        let found = vae_design::search_with(&mut objective, &region, &start, options, |code| {
            asked.push(code.to_vec());
        })
        .unwrap();
        assert!(asked.len() > found.steps);
        assert!(asked.iter().all(|code| region.contains(code)));
        let reached = asked.iter().map(|code| region.distance(code)).fold(0.0, f64::max);
        on_boundary += usize::from(reached > 0.999 * region.radius());
    }
    assert!(on_boundary >= 3, "the boundary is met: {on_boundary} of 6");
}

#[test]
fn a_goal_ends_the_search_and_no_steps_keep_the_start() {
    let (vae, codes) = trained();
    let region = TrustRegion::fit(codes.view(), 0.9).unwrap();
    let problem = problem(0.5);
    let projection = Projection::new(&problem, 1.0, None).unwrap();
    let mut objective = Objective::new(&vae, &unconditional(), &problem, &projection).unwrap();
    let start = codes.index_axis(Axis(0), 0).to_vec();
    let kept = search(&mut objective, &region, &start, Search { steps: 0, goal: None }).unwrap();
    assert_eq!((kept.steps, &kept.best), (0, &kept.start));
    let goal = Some(2.0 * kept.start.compliance);
    let met = search(&mut objective, &region, &start, Search { steps: 30, goal }).unwrap();
    assert_eq!(met.steps, 0);
    let free = search(&mut objective, &region, &start, Search { steps: 30, goal: None }).unwrap();
    let goal = Some(0.5 * (free.best.compliance + free.start.compliance));
    let part = search(&mut objective, &region, &start, Search { steps: 30, goal }).unwrap();
    assert!(part.steps <= free.steps && Some(part.best.compliance) <= goal);
}

#[test]
fn a_search_ends_when_steps_gain_next_to_nothing() {
    let (vae, codes) = trained();
    let region = TrustRegion::fit(codes.view(), 0.9).unwrap();
    let problem = problem(0.3);
    let projection = Projection::new(&problem, 1.0, None).unwrap();
    let mut objective = Objective::new(&vae, &unconditional(), &problem, &projection).unwrap();
    let mut moving = 0;
    for i in 0..6 {
        let start = prior_sample(3, i);
        // The steps that a search of at most `steps` makes, and the compliance of its last design
        // before the cut.
        let mut ended = |steps: usize| {
            let mut last = start.clone();
            let options = Search { steps, goal: None };
            let observe = |code: &[f64]| last = code.to_vec();
            let found =
                vae_design::search_with(&mut objective, &region, &start, options, observe).unwrap();
            (found.steps, objective.at(&last).unwrap().compliance)
        };
        let (steps, compliance) = ended(1000);
        assert!(steps < 100, "{steps} steps");
        if 3 <= steps {
            let ends = [3, 2, 1].map(|fewer| ended(steps - fewer).1);
            let gains = [ends[0] / ends[1], ends[1] / ends[2], ends[2] / compliance];
            moving += usize::from(1.0001 < gains[0]);
            assert!(gains[1] < 1.0001 && gains[2] < 1.0001, "{gains:?}");
        }
    }
    assert!(3 <= moving, "{moving} of 6 move on for more than that");
}

/// Candidates that begin as designs, with so many iterations of repair and of mending.
fn made(
    vae: &Vae,
    region: &TrustRegion,
    problem: &Problem,
    designs: Vec<Array2<f32>>,
    [repair, mend]: [usize; 2],
) -> Vec<Candidate> {
    let task = Task {
        vae,
        given: &unconditional(),
        problem,
        projection: &Projection::new(problem, 1.0, None).unwrap(),
        region,
        search: Search { steps: 5, goal: None },
        repair,
        mend,
        layout: 1.0,
    };
    let origin = |design| Origin { source: "varied", start: Start::Design(design) };
    candidates(task, &designs.into_iter().map(origin).collect::<Vec<_>>()).unwrap()
}

/// Candidates that begin as a design with one hole more or less are not searched from, and have the
/// volume of the problem, whatever that of the start is.
#[test]
fn designs_are_mended_at_the_volume_of_the_problem() {
    let (vae, codes) = trained();
    let region = TrustRegion::fit(codes.view(), 0.95).unwrap();
    let problem = problem(0.5);
    let optimum = Judge::new(GRID).unwrap().optimum(&problem).unwrap().cut;
    let starts = neighbors(optimum.view());
    assert!(starts.iter().any(|start| 0.5 < (start.sum() - optimum.sum()).abs()), "{optimum}");
    for candidate in made(&vae, &region, &problem, starts, [4, 0]) {
        assert_eq!((candidate.source, candidate.steps, candidate.repair), ("varied", 0, 4));
        for design in [&candidate.searched, &candidate.design] {
            assert!((design.sum() - 51.0).abs() < 0.5, "0.4 of 128 elements, not {}", design.sum());
        }
        assert_eq!(candidate.latent.len(), LATENTS);
    }
}

/// A bar that carries its load, with a stub: SIMP iterations take away what carries nothing, and
/// leave designs alone that have no stub.
#[test]
fn a_member_that_ends_in_the_air_is_taken_away() {
    let (vae, codes) = trained();
    let region = TrustRegion::fit(codes.view(), 0.95).unwrap();
    let bar = |rows: std::ops::Range<usize>| {
        Array2::from_shape_fn((8, 16), |(row, _)| f32::from(u8::from(rows.contains(&row))))
    };
    let with_stub = |mut bar: Array2<f32>| {
        bar.slice_mut(s![..5, 8]).fill(1.0);
        bar
    };
    let tried = |design: &Array2<f32>, mend: usize| {
        let mut problem = problem(0.75);
        problem.volume_fraction = f64::from(design.sum()) / 128.0;
        made(&vae, &region, &problem, vec![design.clone()], [0, mend]).remove(0)
    };
    let stub = with_stub(bar(5..7));
    let (left, mended) = (tried(&stub, 0), tried(&stub, 4));
    assert_eq!((left.topology.free_ends, left.mended, left.repair), (1, false, 0));
    assert_eq!((mended.topology.free_ends, mended.mended, mended.repair), (0, true, 4));
    assert!(mended.compliance < left.compliance, "{} and {}", mended.compliance, left.compliance);
    assert_eq!(mended.design.sum().to_bits(), stub.sum().to_bits());
    let sound = tried(&bar(5..7), 4);
    assert_eq!((sound.mended, sound.repair, &sound.design), (false, 0, &bar(5..7)));
    // A bar that is so thin that the iterations break it stays with its stub.
    let thin = with_stub(bar(5..6));
    let left = tried(&thin, 4);
    assert_eq!((left.mended, left.repair, &left.design), (false, 0, &thin));
    assert_eq!(left.topology.free_ends, 1);
}
