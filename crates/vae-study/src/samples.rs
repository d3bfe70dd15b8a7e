//! New designs under chosen conditions, with what mechanics and the training designs say of them.

use std::path::Path;

use ndarray::{
    Array, Array2, Array3, ArrayView, ArrayView2, ArrayView3, Axis, RemoveAxis, concatenate,
};
use serde::Serialize;
use topo_data::{Domain, Judgement, judge_all};
use topo_simp::Problem;
use vae_design::settle;
use vae_models::Vae;
use vae_report::{Grid as Sheet, Marks, grid, number};
use vae_train::codes::decode;
use vae_train::data::Given;
use vae_train::generate::{Flow, conditions};
use vae_train::score::Trust;

use crate::analysis::{self, JudgedRow, Optima, write_judged_table};
use crate::error::{Result, StudyError};
use crate::estimate::{FEW, seconds_of};
use crate::pictures::{at_conditions, marks};
use crate::run::{Briefing, Model, Run};
use crate::sample_rows::Rows;
use crate::sampling::{Drawing, Round, suitable_rounds};
use crate::trust;

/// Which designs are generated.
#[derive(Clone, Debug)]
pub struct SampleSettings {
    /// Conditions by name; the others stay at their training mean.
    pub set: Vec<(String, f32)>,
    /// Conditions that differ from row to row of the sheet; `None` for a sheet of one condition
    /// vector.
    pub rows: Option<Rows>,
    /// Rounds of re-encoding after the draw; `None` for as many as suit the model.
    pub rounds: Option<usize>,
    /// What each round does.
    pub round: Round,
    /// Scale of the noise that a draw begins with, 1 for draws from the distribution itself.
    pub temperature: f64,
    /// Whether designs are cut to 0/1 at exactly the volume asked for, instead of mean densities.
    pub exact_volume: bool,
    /// Draws under each condition vector, at least 1.
    pub count: usize,
    /// Seed of the draws.
    pub seed: u64,
}

/// New designs, and what is known of them.
pub struct Samples {
    /// The designs, shape (N, rows, columns).
    pub designs: Array3<f32>,
    /// The conditions asked for, shape (N, conditions).
    pub cs: Array2<f32>,
    /// Their codes, shape (N, latent dimensions).
    pub zs: Array2<f32>,
    /// How far they can be trusted; `None` without data.
    pub trust: Option<Trust>,
    /// What mechanics says of each; empty without data.
    verdicts: Vec<Verdict>,
    /// Supports and loads of each, as far as its problem is known.
    marks: Vec<Option<Marks>>,
    title: String,
}

/// A new design in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Described<'a> {
    /// The conditions asked for, in the order of the model.
    pub conditions: Vec<f32>,
    /// Position of the nearest training design in the data; `None` without data.
    pub nearest_design: Option<usize>,
    /// Root of the mean squared difference of a pixel from it.
    pub nearest_distance: Option<f64>,
    /// Share of the training designs that are no likelier.
    pub likelihood_percentile: Option<f64>,
    /// What mechanics says; `None` if the problem is unknown.
    pub judgement: Option<&'a Judgement>,
    /// Compliance of the SIMP optimum at equal volume; `None` if it is unknown or the cut spoils it.
    pub optimum: Option<f64>,
}

/// What mechanics says of a design, with the compliance of the SIMP optimum at equal volume; `None`
/// if its problem is unknown.
type Verdict = Option<(Judgement, Option<f64>)>;

/// Largest number of values of all designs: several copies of them are held.
const MOST_VALUES: usize = 1 << 27;

/// Largest number of rounds of re-encoding.
const MOST_ROUNDS: usize = 100_000;

/// The rounds of re-encoding that are asked for, or suit the model.
fn rounds(vae: &Vae, settings: &SampleSettings) -> Result<usize> {
    let rounds = settings.rounds.unwrap_or_else(|| suitable_rounds(vae));
    if rounds <= MOST_ROUNDS {
        return Ok(rounds);
    }
    let (value, most, reason) = (rounds, MOST_ROUNDS, "codes do not change for ever");
    Err(StudyError::Limit { setting: "rounds", value, most, reason })
}

impl Samples {
    /// Seconds that the passes through the model take which [`Samples::generate`] makes, by the
    /// time of a few; 0 if that is surely less than an hour.
    ///
    /// # Errors
    /// As [`Samples::generate`].
    pub fn expected_seconds(
        model: &Model,
        briefing: &Briefing<'_>,
        settings: &SampleSettings,
    ) -> Result<f64> {
        let vae = &model.vae;
        let rows = condition_vectors(vae, settings)?;
        let Some(first) = rows.first() else { return Ok(0.0) };
        let few = briefing.given(vae, first)?.select(&[0; FEW]);
        // A round encodes and decodes.
        let passes = (rows.len() as f64) * (settings.count as f64);
        let passes = passes * (1.0 + 2.0 * rounds(vae, settings)? as f64);
        seconds_of(vae, &few, passes, &model.device)
    }

    /// Generates designs with a model.
    ///
    /// Codes are drawn from `flow`, or from the prior if it is `None`. Designs are judged where their
    /// problem is known from the briefing; with a run, its data say how far they can be trusted.
    ///
    /// # Errors
    /// If a condition is unknown or out of range, nothing states a problem that the model has to be
    /// told, [`StudyError::Limit`], [`StudyError::NoVolume`], or a problem cannot be solved.
    pub fn generate(
        model: &Model,
        (run, briefing): (Option<&Run>, &Briefing<'_>),
        flow: Option<&Flow>,
        settings: &SampleSettings,
    ) -> analysis::Result<Self> {
        let vae = &model.vae;
        let rows = condition_vectors(vae, settings)?;
        let most = MOST_VALUES / (rows.len() * vae.config().height * vae.config().width).max(1);
        if !(1..=most).contains(&settings.count) {
            let (value, reason) = (settings.count, "more would not fit into 2 GB of memory");
            return Err(StudyError::Limit { setting: "count", value, most, reason }.into());
        }
        let rounds = rounds(vae, settings)?;
        let &SampleSettings { round, temperature, seed, .. } = settings;
        let drawing = Drawing { flow, rounds, round, temperature, seed };
        let cut = 0 < drawing.rounds && round == Round::Mean;
        let mut parts: Vec<Given> = Vec::new();
        let (mut domains, mut problems) = (Vec::new(), Vec::new());
        for row in &rows {
            let (problem, given) = (briefing.problem(vae, row)?, briefing.given(vae, row)?);
            parts.push(given.select(&vec![0; settings.count]));
            if cut || settings.exact_volume {
                let domain = domain(vae, problem.as_ref(), row)?;
                domains.extend(vec![domain; settings.count]);
            }
            problems.push(problem);
        }
        let given = Given::joined(&parts);
        let draw = |rows: &[usize]| -> Result<Array2<f32>> {
            let domains: Vec<Domain> = if cut { at(&domains, rows) } else { Vec::new() };
            drawing.codes(vae, &given.select(rows), &domains)
        };
        let all: Vec<usize> = (0..given.len()).collect();
        let zs = if settings.rows.as_ref().is_some_and(Rows::share_draws) {
            let rows = all.chunks(settings.count).map(draw).collect::<Result<Vec<_>>>()?;
            joined(rows.iter().map(|codes| codes.view()))
        } else {
            draw(&all)?
        };
        let designs = if settings.exact_volume {
            settle(vae, &given, &domains, &zs, 0).map_err(StudyError::from)?.designs
        } else {
            decode(vae, &zs, &given, &model.device).map_err(StudyError::from)?
        };
        let (mut verdicts, mut all_marks) = (Vec::new(), Vec::new());
        // Rows may have the same problem.
        let mut optima = Optima::default();
        for (problem, designs) in
            problems.into_iter().zip(designs.axis_chunks_iter(Axis(0), settings.count))
        {
            let mark = problem.as_ref().and_then(|problem| marks(problem).ok());
            all_marks.extend(vec![mark; settings.count]);
            verdicts.extend(judge(problem, designs, &mut optima)?);
        }
        let trust = run.map(|run| run.trust(&designs, &given)).transpose()?;
        let varied = settings.rows.as_ref().map_or(&[][..], Rows::names);
        let from = if flow.is_none() { "Prior" } else { "Flow" };
        let title = format!("{from} samples{}", at_conditions(vae, &rows[0], varied));
        Ok(Self {
            designs,
            cs: given.conditions().clone(),
            zs,
            trust,
            verdicts,
            marks: all_marks,
            title,
        })
    }

    /// The designs in numbers, in their order.
    pub fn described(&self) -> Vec<Described<'_>> {
        let known = |values: fn(&Trust) -> &Vec<f64>, i: usize| {
            self.trust.as_ref().map(|trust| values(trust)[i])
        };
        let describe = |i: usize| {
            let verdict = self.verdicts.get(i).and_then(Option::as_ref);
            Described {
                conditions: self.cs.row(i).to_vec(),
                nearest_design: self.trust.as_ref().map(|trust| trust.nearest[i]),
                nearest_distance: known(|trust| &trust.distance, i),
                likelihood_percentile: known(|trust| &trust.percentile, i),
                judgement: verdict.map(|(judgement, _)| judgement),
                optimum: verdict.and_then(|(_, optimum)| *optimum),
            }
        };
        (0..self.cs.nrows()).map(describe).collect()
    }

    /// Writes a CSV table with one row per design: the conditions asked for, and what is known.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_table(&self, vae: &Vae, path: &Path) -> analysis::Result<()> {
        let names = vae.config().conditions.iter().map(|condition| condition.name.as_str());
        let first: Vec<&str> =
            std::iter::once("design").chain(names).chain(trust::COLUMNS).collect();
        let row = |i: usize| {
            let asked = self.cs.row(i).to_vec().into_iter().map(|value| value.to_string());
            let known = trust::cells(self.trust.as_ref(), i);
            let which = std::iter::once(i.to_string()).chain(asked).chain(known).collect();
            match self.verdicts.get(i).and_then(Option::as_ref) {
                Some((judgement, optimum)) => JudgedRow::judged(which, judgement, *optimum),
                None => JudgedRow::seen(which, self.designs.index_axis(Axis(0), i)),
            }
        };
        write_judged_table(path, &first, &(0..self.cs.nrows()).map(row).collect::<Vec<_>>())
    }

    /// Draws the designs: a row for each of the settings' rows, a column for each draw.
    ///
    /// # Errors
    /// [`StudyError::Draw`].
    pub fn draw(&self, settings: &SampleSettings, out: &Path) -> Result<()> {
        let captions: Vec<String> = (0..self.cs.nrows()).map(|i| self.caption(i)).collect();
        let (name, row_labels) = settings
            .rows
            .as_ref()
            .map_or_else(Default::default, |rows| (rows.title(), rows.labels()));
        let draws = if row_labels.is_empty() { 0 } else { settings.count };
        let column_labels: Vec<String> = (1..=draws).map(|draw| format!("draw {draw}")).collect();
        let figure = Sheet {
            title: &self.title,
            columns: (0 < draws).then_some(draws),
            row_axis: &name,
            row_labels: &row_labels,
            column_labels: &column_labels,
            captions: &captions,
            marks: &self.marks,
            ..Sheet::new(self.designs.view())
        };
        grid(&figure, out).map_err(StudyError::drawing(out))
    }

    /// Volume of a design, and its compliance at equal volume against the optimum, if known.
    fn caption(&self, i: usize) -> String {
        let volume = format!("volume {:.3}", mean(self.designs.index_axis(Axis(0), i)));
        let Some((judged, optimum)) = self.verdicts.get(i).and_then(Option::as_ref) else {
            return volume;
        };
        if !judged.loads_supported {
            return format!("{volume}\ndoes not carry");
        }
        let against = optimum.map(|optimum| 100.0 * judged.compliance_error(optimum));
        let against = against.map_or_else(String::new, |error| format!(" ({error:+.0} %)"));
        format!("{volume}\nC {}{against}", number(judged.compliance_cut, 4))
    }

    /// How many of the designs are nearly as stiff as the optimum, in one sentence; `None` if no
    /// problem is known, or no optimum is left to compare with once it is cut.
    pub fn stiffness(&self) -> Option<String> {
        let error = |(judgement, optimum): &(Judgement, Option<f64>)| {
            let error = judgement.compliance_error((*optimum)?);
            Some(if judgement.loads_supported { error } else { f64::INFINITY })
        };
        let known: Vec<f64> = self.verdicts.iter().flatten().filter_map(error).collect();
        let near = |limit: f64| known.iter().filter(|&&error| error <= limit).count();
        (!known.is_empty()).then(|| {
            format!(
                "at equal volume, {} of {} are within 10 % of the compliance of the SIMP optimum, {} within 100 %",
                near(0.1),
                known.len(),
                near(1.0)
            )
        })
    }
}

/// One condition vector for each row of the sheet.
fn condition_vectors(vae: &Vae, settings: &SampleSettings) -> Result<Vec<Vec<f32>>> {
    let Some(rows) = &settings.rows else { return Ok(vec![conditions(vae, &settings.set)?]) };
    let vector = |row: Vec<(String, f32)>| {
        let set: Vec<_> = settings.set.iter().cloned().chain(row).collect();
        Ok(conditions(vae, &set)?)
    };
    rows.each().map(vector).collect()
}

/// The domain and the volume that a condition vector asks for: of its problem, or the condition of
/// that name.
fn domain(vae: &Vae, problem: Option<&Problem>, row: &[f32]) -> Result<Domain> {
    if let Some(problem) = problem {
        return Ok(Domain::of(problem)?);
    }
    let mut conditions = vae.config().conditions.iter();
    let column = conditions.position(|known| known.name == "volume_fraction");
    Ok(Domain::free(f64::from(row[column.ok_or(StudyError::NoVolume)?])))
}

/// Judges designs of one problem; nothing is said if it is unknown.
fn judge(
    problem: Option<Problem>,
    designs: ArrayView3<'_, f32>,
    optima: &mut Optima,
) -> analysis::Result<Vec<Verdict>> {
    let n = designs.len_of(Axis(0));
    let Some(problem) = problem else { return Ok((0..n).map(|_| None).collect()) };
    let optimum = optima.of(&problem)?.reference();
    let judged = judge_all(&vec![problem; n], designs)?;
    Ok(judged.into_iter().map(|judgement| Some((judgement, optimum))).collect())
}

/// The domains of some rows.
fn at(domains: &[Domain], rows: &[usize]) -> Vec<Domain> {
    rows.iter().map(|&row| domains[row].clone()).collect()
}

fn joined<'a, D: RemoveAxis + 'a>(
    parts: impl Iterator<Item = ArrayView<'a, f32, D>>,
) -> Array<f32, D> {
    concatenate(Axis(0), &parts.collect::<Vec<_>>()).expect("parts of one size, at least one")
}

fn mean(design: ArrayView2<'_, f32>) -> f64 {
    design.iter().map(|&value| f64::from(value)).sum::<f64>() / design.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Designs with this compliance once they are cut, each beside an optimum of 10 if it is known;
    /// `None` for one that does not carry its load.
    fn samples(found: &[(Option<f64>, Option<f64>)]) -> Samples {
        let verdict = |&(compliance, optimum): &(Option<f64>, Option<f64>)| {
            let judgement = Judgement {
                compliance: 11.0,
                volume_fraction: 0.4,
                volume_error: 0.0,
                greyness: 0.0,
                checkerboard: 0.0,
                compliance_cut: compliance.unwrap_or(1.0),
                pieces_4: 1,
                pieces_8: 1,
                floating: 0.0,
                loads_on_material: true,
                loads_supported: compliance.is_some(),
                member_size: None,
                stress: None,
            };
            Some((judgement, optimum))
        };
        let n = found.len();
        Samples {
            designs: Array3::from_elem((n, 1, 2), 0.5),
            cs: Array2::zeros((n, 0)),
            zs: Array2::zeros((n, 1)),
            trust: None,
            verdicts: found.iter().map(verdict).collect(),
            marks: Vec::new(),
            title: String::new(),
        }
    }

    #[test]
    fn designs_are_near_the_optimum_only_if_they_carry() {
        let known = Some(10.0);
        let found = samples(&[
            (Some(10.9), known),
            (Some(19.0), known),
            (Some(31.0), known),
            // Its compliance is far below the optimum, but no load goes anywhere.
            (None, known),
        ]);
        let said = found.stiffness().unwrap();
        assert!(
            said.contains("1 of 4 are within 10 %") && said.contains("2 within 100 %"),
            "{said}"
        );
        assert_eq!(found.caption(0), "volume 0.500\nC 10.9 (+9 %)");
        assert_eq!(found.caption(3), "volume 0.500\ndoes not carry");
        let said = samples(&[(Some(31.0), known), (None, known)]).stiffness().unwrap();
        assert!(
            said.contains("0 of 2 are within 10 %") && said.contains("0 within 100 %"),
            "{said}"
        );
    }

    #[test]
    fn nothing_is_said_beside_an_optimum_that_does_not_hold() {
        let found = samples(&[(Some(10.9), None), (None, None)]);
        assert_eq!((found.stiffness(), samples(&[]).stiffness()), (None, None));
        assert_eq!(found.caption(0), "volume 0.500\nC 10.9");
    }
}
