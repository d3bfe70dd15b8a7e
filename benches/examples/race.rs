//! Does a model save time against SIMP? Accepted distinct designs per minute of four methods (a
//! model, the model with a few SIMP iterations, SIMP alone, retrieval with SIMP), and how many
//! iterations a design of the model saves as a start.
//!
//! `RAYON_NUM_THREADS=1 cargo run -p benches --example race -- RUN SECONDS`. Each method makes
//! designs for test problems of the run's data, one problem after the other, for the given number
//! of seconds; judging them counts. The model draws as `vae sample` does. The optimum that designs
//! are compared with is the best of a SIMP run from the uniform start and the test design; finding
//! it costs no method any time.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is for a person")]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use ndarray::{Array2, ArrayView2, Axis};
use topo_data::{Domain, Judge, Optimum, Silhouette, UniformStart, problem_of};
use topo_simp::Problem;
use vae_base::evenly_spaced;
use vae_study::Run;
use vae_study::run::{stored, stored_one};
use vae_study::sampling::{Drawing, suitable_rounds};
use vae_train::codes::decode;
use vae_train::data::Given;
use vae_train::generate::Flow;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// Largest number of test problems that the methods take in turn.
const PROBLEMS: usize = 12;
/// SIMP iterations of a repair.
const REPAIR: usize = 5;
/// A design is accepted up to these multiples of the optimum's compliance at equal volume,
const ACCEPTED: [f64; 3] = [1.1, 1.02, 1.01];
/// and distinct if its overlap with every accepted design of its problem is at most this.
const DISTINCT: f64 = 0.95;
/// Number of designs drawn at a time.
const BATCH: usize = 16;
/// SIMP iterations from a start, at most.
const WHOLE: usize = 200;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [run, seconds] = &arguments[..] else {
        return Err("usage: race RUN SECONDS, for example: race runs/mine 30".into());
    };
    let run = Run::open(Path::new(run))?;
    let mut race = Race::new(&run)?;
    let made = race.made(budget(seconds)?)?;
    println!("at equal volume, by how far the compliance may be above that of the optimum");
    println!("{:35} within   tried  accepted  distinct  distinct per minute", "");
    for (at, limit) in ACCEPTED.iter().enumerate() {
        for made in &made {
            let (within, of) = (100.0 * (limit - 1.0), &made.within[at]);
            let Made { method, tried, .. } = made;
            let (accepted, distinct, rate) = (of.accepted, of.distinct, made.per_minute(at));
            println!(
                "{method:35} {within:4.0} %  {tried:6}  {accepted:8}  {distinct:8}  {rate:19.0}"
            );
        }
    }
    println!("iterations to the same compliance, of those from the uniform start");
    for Saved { start, warm, cold, each } in race.saved()? {
        let (low, median, high) = quartiles(each);
        let share = 100.0 * (1.0 - warm as f64 / cold as f64);
        println!(
            "{start:35} {warm} instead of {cold}: {share:.0} % saved; by design {low:.0}, {median:.0}, {high:.0} % (quartiles)"
        );
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
    /// What is accepted of them, for each of [`ACCEPTED`].
    within: [Accepted; ACCEPTED.len()],
}

/// The designs of a method that are stiff enough.
#[derive(Clone, Copy, Default)]
struct Accepted {
    /// Their number.
    accepted: usize,
    /// Number of them that overlap with each other by an `IoU` of at most 0.95.
    distinct: usize,
}

impl Made {
    fn per_minute(&self, at: usize) -> f64 {
        60.0 * self.within[at].distinct as f64 / self.seconds
    }
}

/// Iterations from one kind of start, and from the uniform one, to the same compliance.
struct Saved {
    start: &'static str,
    /// Sums over designs.
    warm: usize,
    cold: usize,
    /// What each design saves, in percent.
    each: Vec<f64>,
}

/// The quartiles of some numbers.
fn quartiles(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[(share * (values.len() - 1) as f64).round() as usize];
    (at(0.25), at(0.5), at(0.75))
}

/// Everything that the methods start from.
struct Race<'a> {
    opened: &'a Run,
    problems: Vec<Problem>,
    domains: Vec<Domain>,
    /// Compliance of the optimum, for each problem.
    optima: Vec<f64>,
    /// What the model is told for each problem.
    given: Given,
    /// The flow of the run, if it has one.
    flow: Option<Flow>,
    /// Training designs by their distance in conditions, for each problem.
    nearest: Vec<Vec<usize>>,
    judge: Judge,
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
        let (mut optima, mut domains) = (Vec::new(), Vec::new());
        for (problem, reference) in problems.iter().zip(references.outer_iter()) {
            let reference = judge.compliance_cut(problem, reference)?;
            let optimum = judge.optimum(problem)?.compliance_cut;
            optima.push(optimum.min(reference));
            domains.push(Domain::of(problem)?);
        }
        let given = opened.designs().given(&chosen);
        let flow = Flow::read(&opened.folder, &opened.vae)?;
        let nearest = chosen.iter().map(|&index| by_condition(opened, index)).collect();
        Ok(Self { opened, problems, domains, optima, given, flow, nearest, judge })
    }

    /// Lets each method make designs for test problems for the given time.
    fn made(&mut self, budget: Duration) -> Result<Vec<Made>> {
        let mut made = Vec::new();
        eprintln!("4 methods, {budget:?} each, {} test problems in turn", self.problems.len());
        let mut drawn: Vec<Array2<f32>> = Vec::new();
        made.push(
            self.run("this model", budget, |race, attempt| race.sample(&mut drawn, attempt))?,
        );
        let mut drawn: Vec<Array2<f32>> = Vec::new();
        made.push(self.run("this model + 5 SIMP iterations", budget, |race, attempt| {
            let design = race.sample(&mut drawn, attempt)?;
            race.repair(attempt, &design)
        })?);
        made.push(self.run("SIMP from random starts", budget, |race, attempt| {
            let problem = &race.problems[attempt % race.problems.len()];
            let made: Optimum = race.judge.from_random_start(problem, attempt as u64)?;
            Ok(made.design.mapv(|x| x as f32))
        })?);
        made.push(self.run("nearest design + 5 SIMP iterations", budget, |race, attempt| {
            let design = race.near(attempt)?;
            race.repair(attempt, &design)
        })?);
        Ok(made)
    }

    /// What designs of the model, and training designs, save as starts of SIMP: two for each
    /// problem.
    fn saved(&mut self) -> Result<Vec<Saved>> {
        let uniform: Vec<UniformStart> = self
            .problems
            .iter()
            .map(|problem| Ok(self.judge.uniform_start(problem)?))
            .collect::<Result<_>>()?;
        let n = 2 * uniform.len();
        let mut drawn = Vec::new();
        let ours = (0..n).map(|attempt| self.sample(&mut drawn, attempt)).collect::<Result<_>>()?;
        let near = (0..n).map(|attempt| self.near(attempt)).collect::<Result<Vec<_>>>()?;
        let starts: [(_, Vec<Array2<f32>>); 2] =
            [("from designs of the model", ours), ("from the nearest training designs", near)];
        let mut all = Vec::new();
        for (start, designs) in starts {
            let mut saved = Saved { start, warm: 0, cold: 0, each: Vec::new() };
            for (attempt, design) in designs.iter().enumerate() {
                let problem = attempt % uniform.len();
                let found = self.judge.refine(
                    &self.problems[problem],
                    &uniform[problem],
                    design.view(),
                    WHOLE,
                )?;
                let cold = found.uniform_iterations;
                saved.cold += cold;
                saved.warm += cold.saturating_add_signed(-found.iterations_saved);
                saved.each.push(100.0 * found.iterations_saved as f64 / cold.max(1) as f64);
            }
            all.push(saved);
        }
        Ok(all)
    }

    /// The training design with the nearest conditions, and in later rounds those after it.
    fn near(&self, attempt: usize) -> Result<Array2<f32>> {
        let (problem, round) = (attempt % self.problems.len(), attempt / self.problems.len());
        let near = &self.nearest[problem];
        Ok(stored_one(&self.opened.data, near[round % near.len()])?)
    }

    /// Lets one method make designs until its time is up; judging them counts.
    fn run(
        &mut self,
        method: &'static str,
        budget: Duration,
        mut make: impl FnMut(&mut Self, usize) -> Result<Array2<f32>>,
    ) -> Result<Made> {
        let mut kept = vec![vec![Vec::<Silhouette>::new(); self.problems.len()]; ACCEPTED.len()];
        let (mut tried, mut within) = (0, [Accepted::default(); ACCEPTED.len()]);
        let started = Instant::now();
        while started.elapsed() < budget {
            let problem = tried % self.problems.len();
            let design = make(self, tried)?;
            tried += 1;
            let compliance = self.judge.compliance_cut(&self.problems[problem], design.view())?;
            let cut = self.domains[problem].cut(&design.iter().copied().collect::<Vec<_>>());
            let silhouette = Silhouette::of(&cut);
            for (limit, (found, kept)) in ACCEPTED.iter().zip(within.iter_mut().zip(&mut kept)) {
                if limit * self.optima[problem] < compliance {
                    continue;
                }
                found.accepted += 1;
                let kept = &mut kept[problem];
                if kept.iter().all(|other| other.iou(&silhouette) <= DISTINCT) {
                    found.distinct += 1;
                    kept.push(silhouette.clone());
                }
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        Ok(Made { method, seconds, tried, within })
    }

    /// The next sample for the problem of an attempt. Samples are decoded in batches that go through
    /// the problems in turn.
    fn sample(&self, drawn: &mut Vec<Array2<f32>>, attempt: usize) -> Result<Array2<f32>> {
        if drawn.is_empty() {
            let vae = &self.opened.vae;
            let rows: Vec<usize> =
                (0..BATCH).map(|i| (attempt + i) % self.problems.len()).collect();
            let domains: Vec<Domain> = rows.iter().map(|&row| self.domains[row].clone()).collect();
            let given = self.given.select(&rows);
            let drawing = Drawing {
                flow: self.flow.as_ref(),
                rounds: suitable_rounds(vae),
                seed: 1 + attempt as u64,
                ..Drawing::default()
            };
            let zs = drawing.codes(vae, &given, &domains)?;
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
    use std::cmp::Reverse;
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
        let run = trained(folder.path());
        let mut race = Race::new(&run).unwrap();
        let made = race.made(budget("0.5").unwrap()).unwrap();
        assert_eq!(made.len(), 4);
        let all = made.iter().flat_map(|made| &made.within);
        assert!(all.clone().all(|found| found.distinct <= found.accepted));
        assert!(made.iter().all(|made| made.within.is_sorted_by_key(|f| Reverse(f.accepted))));
        assert!(0 < made[2].tried);
        let saved = race.saved().unwrap();
        assert!(saved.iter().all(|saved| 0 < saved.cold && !saved.each.is_empty()));
    }

    #[test]
    fn a_race_takes_some_time() {
        for wrong in ["0", "-1", "nan", "1e9", "ten"] {
            assert!(budget(wrong).is_err(), "{wrong}");
        }
    }
}
