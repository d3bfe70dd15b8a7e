//! Accepted distinct designs per minute of four methods: a model, the model with a few SIMP
//! iterations, SIMP alone, and retrieval with SIMP.
//!
//! `RAYON_NUM_THREADS=1 cargo run -p benches --example race -- RUN SECONDS`. Each method makes
//! designs for test problems of the run's data, one problem after the other, for the given number
//! of seconds; judging them counts. The model draws from the flow of its run, or from its prior if
//! the run has none. The optimum that designs are compared with is the best of a
//! SIMP run from the uniform start and the test design; finding it costs no method any time.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is for a person")]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use ndarray::{Array2, ArrayView2, Axis};
use topo_data::{Domain, Judge, Optimum, Silhouette, problem_of};
use topo_simp::Problem;
use vae_study::Run;
use vae_study::run::{evenly_spaced, stored, stored_one};
use vae_train::codes::{decode, prior_draws};
use vae_train::data::Given;
use vae_train::generate::Flow;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// Largest number of test problems that the methods take in turn.
const PROBLEMS: usize = 12;
/// SIMP iterations of a repair.
const REPAIR: usize = 5;
/// A design is accepted up to this multiple of the optimum's compliance at equal volume,
const ACCEPTED: f64 = 1.1;
/// and distinct if its overlap with every accepted design of its problem is at most this.
const DISTINCT: f64 = 0.95;
/// Number of designs decoded at a time.
const BATCH: usize = 16;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [run, seconds] = &arguments[..] else {
        return Err("usage: race RUN SECONDS, for example: race runs/mine 30".into());
    };
    let made = race(&Run::open(Path::new(run))?, budget(seconds)?)?;
    println!("within 10 % of the optimum's compliance at equal volume");
    println!("{:35} tried  accepted  distinct  distinct per minute", "");
    for made in &made {
        let Made { method, tried, accepted, distinct, .. } = made;
        let per_minute = made.distinct_per_minute();
        println!("{method:35} {tried:5}  {accepted:8}  {distinct:8}  {per_minute:19.0}");
    }
    Ok(())
}

/// Reads the time that each method has, in seconds.
fn budget(text: &str) -> Result<Duration> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    if 0.0 < seconds && seconds <= 86_400.0 {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(format!("{text} seconds must be above 0 and at most 86400").into())
    }
}

/// What one method made.
struct Made {
    method: &'static str,
    seconds: f64,
    /// Number of designs made.
    tried: usize,
    /// Number of them within 10 % of the optimum's compliance at equal volume.
    accepted: usize,
    /// Number of accepted designs that overlap with each other by an `IoU` of at most 0.95.
    distinct: usize,
}

impl Made {
    fn distinct_per_minute(&self) -> f64 {
        60.0 * self.distinct as f64 / self.seconds
    }
}

/// Everything that the methods start from.
struct Race<'a> {
    opened: &'a Run,
    problems: Vec<Problem>,
    domains: Vec<Domain>,
    /// Largest compliance of an accepted design, for each problem.
    limits: Vec<f64>,
    /// What the model is told for each problem.
    given: Given,
    /// The flow of the run, if it has one.
    flow: Option<Flow>,
    /// Training designs by their distance in conditions, for each problem.
    nearest: Vec<Vec<usize>>,
    judge: Judge,
}

/// Lets each method make designs for test problems for the given time.
fn race(opened: &Run, budget: Duration) -> Result<Vec<Made>> {
    let mut race = Race::new(opened)?;
    let mut made = Vec::new();
    eprintln!("4 methods, {budget:?} each, {} test problems in turn", race.problems.len());
    let mut drawn: Vec<Array2<f32>> = Vec::new();
    made.push(race.run("this model", budget, |race, attempt| race.sample(&mut drawn, attempt))?);
    let mut drawn: Vec<Array2<f32>> = Vec::new();
    made.push(race.run("this model + 5 SIMP iterations", budget, |race, attempt| {
        let design = race.sample(&mut drawn, attempt)?;
        race.repair(attempt, &design)
    })?);
    made.push(race.run("SIMP from random starts", budget, |race, attempt| {
        let problem = &race.problems[attempt % race.problems.len()];
        let made: Optimum = race.judge.from_random_start(problem, attempt as u64)?;
        Ok(made.design.mapv(|x| x as f32))
    })?);
    made.push(race.run("nearest design + 5 SIMP iterations", budget, |race, attempt| {
        let (problem, round) = (attempt % race.problems.len(), attempt / race.problems.len());
        let near = &race.nearest[problem];
        let index = near[round % near.len()];
        let design = stored_one(&race.opened.data, index)?;
        race.repair(attempt, &design)
    })?);
    Ok(made)
}

impl<'a> Race<'a> {
    fn new(opened: &'a Run) -> Result<Self> {
        let test = &opened.split.test;
        let chosen = evenly_spaced(test, PROBLEMS);
        let problems: Option<Vec<Problem>> = chosen
            .iter()
            .map(|&index| Ok(problem_of(&opened.data, index)?))
            .collect::<Result<_>>()?;
        let problems = problems.ok_or("the data set does not state the problems of its designs")?;
        let first = problems.first().ok_or("the run has no test designs")?;
        let mut judge = Judge::new(first.grid)?;
        let references = stored(&opened.data, &chosen)?;
        let (mut limits, mut domains) = (Vec::new(), Vec::new());
        for (problem, reference) in problems.iter().zip(references.outer_iter()) {
            let reference = judge.compliance_cut(problem, reference)?;
            let optimum = judge.optimum(problem)?.compliance_cut;
            limits.push(ACCEPTED * optimum.min(reference));
            domains.push(Domain::of(problem)?);
        }
        let given = opened.designs().given(&chosen);
        let flow = Flow::read(&opened.folder, &opened.vae)?;
        let nearest = chosen.iter().map(|&index| by_condition(opened, index)).collect();
        Ok(Self { opened, problems, domains, limits, given, flow, nearest, judge })
    }

    /// Lets one method make designs until its time is up; judging them counts.
    fn run(
        &mut self,
        method: &'static str,
        budget: Duration,
        mut make: impl FnMut(&mut Self, usize) -> Result<Array2<f32>>,
    ) -> Result<Made> {
        let mut kept: Vec<Vec<Silhouette>> = vec![Vec::new(); self.problems.len()];
        let (mut tried, mut accepted) = (0, 0);
        let started = Instant::now();
        while started.elapsed() < budget {
            let problem = tried % self.problems.len();
            let design = make(self, tried)?;
            tried += 1;
            let compliance = self.judge.compliance_cut(&self.problems[problem], design.view())?;
            if compliance <= self.limits[problem] {
                accepted += 1;
                let cut = self.domains[problem].cut(&design.iter().copied().collect::<Vec<_>>());
                let silhouette = Silhouette::of(&cut);
                if kept[problem].iter().all(|other| other.iou(&silhouette) <= DISTINCT) {
                    kept[problem].push(silhouette);
                }
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        let distinct = kept.iter().map(Vec::len).sum::<usize>();
        Ok(Made { method, seconds, tried, accepted, distinct })
    }

    /// The next sample for the problem of an attempt. Samples are decoded in batches that go through
    /// the problems in turn.
    fn sample(&self, drawn: &mut Vec<Array2<f32>>, attempt: usize) -> Result<Array2<f32>> {
        if drawn.is_empty() {
            let vae = &self.opened.vae;
            let rows: Vec<usize> =
                (0..BATCH).map(|i| (attempt + i) % self.problems.len()).collect();
            let (given, seed) = (self.given.select(&rows), 1 + attempt as u64);
            let zs = match &self.flow {
                Some(flow) => flow.draws(vae, &given, 1.0, seed)?,
                None => prior_draws(vae.config().latent_dim, BATCH, seed),
            };
            let designs = decode(vae, &zs, &given, &self.opened.device)?;
            drawn.extend(designs.outer_iter().rev().map(|design| design.to_owned()));
        }
        Ok(drawn.pop().unwrap_or_default())
    }

    fn repair(&mut self, attempt: usize, design: &Array2<f32>) -> Result<Array2<f32>> {
        let problem = &self.problems[attempt % self.problems.len()];
        let repaired = self.judge.repair(problem, design.view(), REPAIR)?;
        Ok(repaired.design.mapv(|x| x as f32))
    }
}

/// All training designs, those with the nearest conditions first; each condition is measured in
/// units of its standard deviation.
fn by_condition(opened: &Run, index: usize) -> Vec<usize> {
    let table: ArrayView2<'_, f32> = opened.data.conditions();
    let train = &opened.split.train;
    let deviation = table.select(Axis(0), train).mapv(f64::from).std_axis(Axis(0), 0.0);
    let distance = |other: usize| -> f64 {
        let pairs = table.row(index).into_iter().zip(table.row(other));
        pairs
            .zip(&deviation)
            .map(|((a, b), deviation)| {
                let scale = if 0.0 < *deviation { *deviation } else { 1.0 };
                (f64::from(a - b) / scale).powi(2)
            })
            .sum()
    };
    let mut order = train.clone();
    order.sort_by(|&a, &b| distance(a).total_cmp(&distance(b)).then(a.cmp(&b)));
    order
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::atomic::AtomicBool;

    use topo_data::{GenerateSpec, generate};
    use vae_data::open_with;
    use vae_train::{Config, Manifest, RunFolder, train};

    use super::*;

    /// A run of one epoch on a few cantilevers.
    fn trained(folder: &Path) -> Run {
        let beams = folder.join("beams");
        let spec = GenerateSpec {
            height: 12,
            width: 24,
            problems: Some(16),
            variants: 2,
            filter_radii: vec![1.5],
            ..GenerateSpec::for_family("cantilever").unwrap()
        };
        generate(&spec, "beams", &beams, &|_| ControlFlow::Continue(())).unwrap();
        let mut config = Config::preset("default").unwrap();
        config.data.source = beams.to_str().unwrap().to_owned();
        config.training.epochs = 1;
        config.training.batch_size = 8;
        config.model.latent_dim = 2;
        let data = open_with(&config.data.source.parse().unwrap(), &config.data.reading).unwrap();
        let data = vae_study::run::with_problems(data, &config).unwrap();
        let run = RunFolder::vacant(&folder.join("run")).unwrap();
        let manifest = Manifest {
            format: Manifest::FORMAT,
            version: String::new(),
            data_fingerprint: data.fingerprint().unwrap(),
            seed: config.seed,
            device: "cpu".to_owned(),
            threads: 1,
            command: Vec::new(),
            size: None,
            resumed_at_step: Vec::new(),
            continued_by: Vec::new(),
        };
        train(&config, &data, &run, &manifest, &AtomicBool::new(false), &mut |_| ()).unwrap();
        Run::open(run.root()).unwrap()
    }

    #[test]
    fn four_methods_make_designs_for_test_problems() {
        let folder = tempfile::tempdir().unwrap();
        let made = race(&trained(folder.path()), budget("0.5").unwrap()).unwrap();
        assert_eq!(made.len(), 4);
        assert!(made.iter().all(|made| made.distinct <= made.accepted));
        assert!(0 < made[2].tried);
    }

    #[test]
    fn a_race_takes_some_time() {
        for wrong in ["0", "-1", "nan", "1e9", "ten"] {
            assert!(budget(wrong).is_err(), "{wrong}");
        }
    }
}
