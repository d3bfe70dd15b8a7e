//! Accepted distinct designs per minute: the model, the model with a few SIMP iterations, SIMP
//! alone, retrieval with SIMP.

use std::time::{Duration, Instant};

use anyhow::Result;
use ndarray::{Array2, ArrayView2, Axis};
use serde::Serialize;
use topo_data::{Domain, Judge, Optimum, Silhouette};
use topo_simp::{Problem, SimpError};
use vae_report::{Block, Table};
use vae_train::explore::{decode, prior_draws};

use crate::mechanics::problems;
use crate::opened::OpenedRun;
use crate::output::note;
use crate::stored::{evenly_spaced, stored, stored_one};

/// Test problems that the methods take in turn, at most.
const PROBLEMS: usize = 12;
/// SIMP iterations of a repair.
const REPAIR: usize = 5;
/// A design is accepted up to this multiple of the optimum's compliance at equal volume,
const ACCEPTED: f64 = 1.1;
/// and distinct if its overlap with every accepted one of its problem is at most this.
const DISTINCT: f64 = 0.95;
/// Designs decoded at a time.
const BATCH: usize = 16;

/// What one method made.
#[derive(Serialize)]
pub(crate) struct Made {
    method: &'static str,
    seconds: f64,
    tried: usize,
    /// Within 10 % of the optimum's compliance at equal volume.
    accepted: usize,
    /// Of those, the ones that overlap with each other by an `IoU` of 0.95 at most.
    distinct: usize,
    distinct_per_minute: f64,
}

/// Everything that the methods start from.
struct Race<'a> {
    opened: &'a OpenedRun,
    problems: Vec<Problem>,
    domains: Vec<Domain>,
    /// Compliance that a design may have at most.
    limits: Vec<f64>,
    conditions: Array2<f32>,
    /// Training designs by their distance in conditions, for each problem.
    nearest: Vec<Vec<usize>>,
    judge: Judge,
}

/// Lets each method make designs for test problems for so many seconds, on one thread; none where
/// the problems are not known.
///
/// The optimum is the best of a SIMP run from the uniform start and the test design; finding it
/// takes no time from any method.
pub(crate) fn race(opened: &OpenedRun, seconds: f64) -> Result<Option<Vec<Made>>> {
    let Some(mut race) = Race::new(opened)? else { return Ok(None) };
    let budget = Duration::from_secs_f64(seconds);
    let mut made = Vec::new();
    note(format!(
        "race: 4 methods, {seconds} s each, {} test problems in turn",
        race.problems.len()
    ));
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
    Ok(Some(made))
}

impl<'a> Race<'a> {
    fn new(opened: &'a OpenedRun) -> Result<Option<Self>> {
        let test = &opened.split.test;
        let chosen = evenly_spaced(test, PROBLEMS);
        let Some(problems) = problems(&opened.data, &chosen)? else { return Ok(None) };
        let Some(first) = problems.first() else { return Ok(None) };
        let mut judge = Judge::new(first.grid)?;
        let references = stored(&opened.data, &chosen)?;
        let (mut limits, mut domains) = (Vec::new(), Vec::new());
        for (problem, reference) in problems.iter().zip(references.outer_iter()) {
            let reference = judge.compliance_cut(problem, reference)?;
            let optimum = judge.optimum(problem)?.compliance_cut;
            limits.push(ACCEPTED * optimum.min(reference));
            domains.push(Domain::of(problem).map_err(SimpError::from)?);
        }
        let conditions = opened.designs().conditions(&chosen);
        let nearest = chosen.iter().map(|&index| by_condition(opened, index)).collect();
        Ok(Some(Self { opened, problems, domains, limits, conditions, nearest, judge }))
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
        let distinct_per_minute = 60.0 * distinct as f64 / seconds;
        Ok(Made { method, seconds, tried, accepted, distinct, distinct_per_minute })
    }

    /// The next prior sample for the problem of an attempt. Samples are decoded in batches, one
    /// after the other problem.
    fn sample(&self, drawn: &mut Vec<Array2<f32>>, attempt: usize) -> Result<Array2<f32>> {
        if drawn.is_empty() {
            let vae = &self.opened.vae;
            let zs = prior_draws(vae.config().latent_dim, BATCH, 1 + attempt as u64);
            let rows: Vec<usize> =
                (0..BATCH).map(|i| (attempt + i) % self.problems.len()).collect();
            let cs = self.conditions.select(Axis(0), &rows);
            let designs = decode(vae, &zs, &cs, &self.opened.device)?;
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

/// All training designs, those with the nearest conditions first, each condition in units of its
/// deviation.
fn by_condition(opened: &OpenedRun, index: usize) -> Vec<usize> {
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

/// The table.
pub(crate) fn words(made: &[Made]) -> Vec<Block> {
    let mut table = Table::new(
        "within 10 % of the optimum's compliance at equal volume, on one thread",
        &["method", "tried", "accepted", "distinct", "distinct per minute"],
    );
    for Made { method, tried, accepted, distinct, distinct_per_minute, .. } in made {
        let counts = [tried, accepted, distinct].map(ToString::to_string);
        table.push(*method, counts.into_iter().chain([format!("{distinct_per_minute:.0}")]));
    }
    vec![Block::Heading("Designs per minute".into()), Block::Table(table)]
}
