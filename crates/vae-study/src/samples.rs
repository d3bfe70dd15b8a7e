//! New designs under chosen conditions, with what mechanics and the training designs say of them.

use std::path::Path;

use ndarray::{Array2, Array3, ArrayView2, Axis, concatenate, s};
use topo_data::{Judgement, judge_all, problem_at_conditions};
use topo_simp::Grid;
use vae_data::DataSet;
use vae_design::{Projection, decode_exact};
use vae_models::Vae;
use vae_report::{Grid as Sheet, grid};
use vae_train::codes::{decode, prior_draws, repeated};
use vae_train::generate::conditions;
use vae_train::generate::{Sampler, Samplers};
use vae_train::score::Trust;

use crate::analysis::{self, JudgedRow, Optima, write_judged_table};
use crate::error::{Result, StudyError};
use crate::pictures::at_conditions;
use crate::run::{Model, Run};
use crate::trust;

/// Which designs are generated.
#[derive(Clone, Debug)]
pub struct SampleSettings {
    /// Conditions by name; the others stay at their training mean.
    pub set: Vec<(String, f32)>,
    /// A condition with one value for each row of the sheet; `None` for a sheet of one condition
    /// vector.
    pub rows: Option<Series>,
    /// Whether designs are cut to 0/1 at exactly the volume asked for, instead of mean densities.
    pub exact_volume: bool,
    /// Draws under each condition vector, at least 1.
    pub count: usize,
    /// Seed of the draws.
    pub seed: u64,
}

/// A condition and the values that it takes.
#[derive(Clone, Debug)]
pub struct Series {
    /// Name of the condition.
    pub name: String,
    /// Its values, one for each row.
    pub values: Vec<f32>,
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
    title: String,
}

/// What mechanics says of a design, with the compliance of the SIMP optimum at equal volume; `None`
/// if its problem is unknown.
type Verdict = Option<(Judgement, Option<f64>)>;

impl Samples {
    /// Generates designs with a model.
    ///
    /// Codes are drawn from `fitted`, or from the prior if it is `None`. With a run, its data judge
    /// the designs.
    ///
    /// # Errors
    /// If a condition is unknown or out of range, [`StudyError::NoVolume`], or a problem cannot be
    /// solved.
    pub fn generate(
        model: &Model,
        run: Option<&Run>,
        fitted: Option<(&Samplers, Sampler)>,
        settings: &SampleSettings,
    ) -> analysis::Result<Self> {
        let vae = &model.vae;
        let rows = condition_vectors(vae, settings)?;
        let blocks: Vec<_> = rows.iter().map(|row| repeated(row, settings.count)).collect();
        let cs = joined(&blocks);
        let zs = codes(vae, fitted, &blocks, settings);
        // A model that is told only some of the conditions is judged by its looks.
        let data = run.map(|run| &run.data);
        let data = data.filter(|data| data.conditions().ncols() == cs.ncols());
        let designs = if settings.exact_volume {
            exact(vae, data, &rows, &zs, settings.count)?
        } else {
            decode(vae, &zs, &cs, &model.device).map_err(StudyError::from)?
        };
        let verdicts = data.map(|data| judge(data, &designs, cs.view())).transpose()?;
        let trust = run.map(|run| run.trust(&designs, &cs)).transpose()?;
        let varied = settings.rows.as_ref().map_or("", |series| series.name.as_str());
        let from = if fitted.is_none() { "Prior" } else { "Fitted" };
        let title = format!("{from} samples{}", at_conditions(vae, &rows[0], varied));
        Ok(Self { designs, cs, zs, trust, verdicts: verdicts.unwrap_or_default(), title })
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

    /// Draws the designs: a row for each value of the series, a column for each draw.
    ///
    /// # Errors
    /// [`StudyError::Draw`].
    pub fn draw(&self, settings: &SampleSettings, out: &Path) -> Result<()> {
        let captions: Vec<String> =
            self.designs.outer_iter().map(|design| format!("volume {:.3}", mean(design))).collect();
        let (name, values) = settings
            .rows
            .as_ref()
            .map_or(("", &[][..]), |series| (series.name.as_str(), series.values.as_slice()));
        let row_labels: Vec<String> = values.iter().map(ToString::to_string).collect();
        let draws = if values.is_empty() { 0 } else { settings.count };
        let column_labels: Vec<String> = (1..=draws).map(|draw| format!("draw {draw}")).collect();
        let figure = Sheet {
            title: &self.title,
            columns: (0 < draws).then_some(draws),
            row_axis: name,
            row_labels: &row_labels,
            column_labels: &column_labels,
            captions: &captions,
            ..Sheet::new(self.designs.view())
        };
        grid(&figure, out).map_err(StudyError::drawing(out))
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
    let Some(series) = &settings.rows else { return Ok(vec![conditions(vae, &settings.set)?]) };
    let rows = series.values.iter().map(|&value| {
        let mut set = settings.set.clone();
        set.push((series.name.clone(), value));
        Ok(conditions(vae, &set)?)
    });
    rows.collect()
}

/// Codes for blocks of conditions. A column of the sheet is one draw: each row has the noise of the
/// first.
fn codes(
    vae: &Vae,
    fitted: Option<(&Samplers, Sampler)>,
    blocks: &[Array2<f32>],
    settings: &SampleSettings,
) -> Array2<f32> {
    let drawn: Vec<Array2<f32>> = match fitted {
        None => {
            let draws = prior_draws(vae.config().latent_dim, settings.count, settings.seed);
            vec![draws; blocks.len()]
        }
        Some((samplers, sampler)) => {
            blocks.iter().map(|block| samplers.draws(vae, sampler, block, settings.seed)).collect()
        }
    };
    joined(&drawn)
}

/// Designs of 0 and 1 at exactly the volume that each condition vector asks for.
fn exact(
    vae: &Vae,
    data: Option<&DataSet>,
    rows: &[Vec<f32>],
    zs: &Array2<f32>,
    count: usize,
) -> Result<Array3<f32>> {
    let (height, width) = (vae.config().height, vae.config().width);
    let mut designs = Array3::zeros((zs.nrows(), height, width));
    let blocks = rows.iter().zip(zs.axis_chunks_iter(Axis(0), count));
    for ((row, zs), mut place) in blocks.zip(designs.axis_chunks_iter_mut(Axis(0), count)) {
        place.assign(&decode_exact(vae, zs, row, &projection(vae, data, row)?)?);
    }
    Ok(designs)
}

/// The volume that a condition vector asks for: of the problem that the data state there, or the
/// condition of that name.
fn projection(vae: &Vae, data: Option<&DataSet>, row: &[f32]) -> Result<Projection> {
    let stated = data.map(|data| problem_at_conditions(data, row)).transpose()?.flatten();
    if let Some(problem) = stated {
        return Ok(Projection::new(&problem, 1.0, None)?);
    }
    let config = vae.config();
    let column = config.conditions.iter().position(|known| known.name == "volume_fraction");
    let column = column.ok_or(StudyError::NoVolume)?;
    let grid = Grid { nelx: config.width, nely: config.height };
    Ok(Projection::of_volume(grid, f64::from(row[column]))?)
}

/// Judges designs whose problem the data know: theirs at the conditions of each design.
fn judge(
    data: &DataSet,
    designs: &Array3<f32>,
    cs: ArrayView2<'_, f32>,
) -> analysis::Result<Vec<Verdict>> {
    let mut optima = Optima::default();
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(cs.nrows());
    // Designs of one condition vector follow each other.
    let mut start = 0;
    while start < cs.nrows() {
        let same = (start..cs.nrows()).take_while(|&i| cs.row(i) == cs.row(start)).count();
        let block = designs.slice(s![start..start + same, .., ..]);
        match problem_at_conditions(data, &cs.row(start).to_vec())? {
            None => verdicts.extend((0..same).map(|_| None)),
            Some(problem) => {
                let optimum = optima.of(&problem)?.reference();
                let judged = judge_all(&vec![problem; same], block)?;
                verdicts.extend(judged.into_iter().map(|judgement| Some((judgement, optimum))));
            }
        }
        start += same;
    }
    Ok(verdicts)
}

fn joined(blocks: &[Array2<f32>]) -> Array2<f32> {
    let views: Vec<_> = blocks.iter().map(|block| block.view()).collect();
    concatenate(Axis(0), &views).unwrap_or_default()
}

fn mean(design: ArrayView2<'_, f32>) -> f64 {
    design.iter().map(|&value| f64::from(value)).sum::<f64>() / design.len() as f64
}
