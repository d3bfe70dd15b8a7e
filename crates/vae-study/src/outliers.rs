//! Designs that the model finds unusual.

use std::path::Path;

use ndarray::{Array1, Array2, ArrayView1, Axis};
use serde::{Serialize, Serializer};
use vae_data::Table;
use vae_report::{Grid, grid};
use vae_train::codes::encode;
use vae_train::score::{Measure, terms_by_design};

use crate::analysis::{self, write_table};
use crate::error::{Result, StudyError};
use crate::latent::index;
use crate::pictures::marks_of;
use crate::run::{Part, Run};

/// What makes a design unusual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unusual {
    /// Its distance from the mean code of the training designs, in latent units, in which the
    /// deviation of the prior is 1.
    Distance,
    /// A low bound on ln p(x) from one draw; a large loss if the model has no likelihood.
    Likelihood,
    /// A latent dimension, counted from 1, is below a value.
    Below(usize, f32),
    /// A latent dimension, counted from 1, is above a value.
    Above(usize, f32),
}

/// The unusual designs of a part of the data, the most unusual first.
pub struct Outliers {
    /// What the designs are scored by, in words.
    pub name: String,
    /// How many designs were looked at.
    pub looked_at: usize,
    /// All that were found.
    pub found: Vec<Outlier>,
}

/// An unusual design.
#[derive(Clone, Debug, Serialize)]
pub struct Outlier {
    /// Its position in the data.
    pub design: usize,
    /// Its score, as it is shown.
    pub score: f64,
    /// Its code.
    #[serde(serialize_with = "as_list")]
    pub code: Array1<f32>,
}

fn as_list<S: Serializer>(code: &Array1<f32>, to: S) -> std::result::Result<S::Ok, S::Error> {
    code.to_vec().serialize(to)
}

/// What designs are scored by; the largest scores are the most unusual.
struct Measured {
    name: String,
    values: Vec<f64>,
    /// Designs that score no more than this are not outliers.
    least: f64,
    /// −1 if minus the score is shown, as for a bound.
    sign: f64,
}

impl Run {
    /// Finds the designs of a part of the data that the model finds unusual.
    ///
    /// # Errors
    /// [`StudyError::Dimension`]; if a design cannot be read.
    pub fn outliers(&self, part: Part, unusual: Unusual) -> Result<Outliers> {
        let indices = self.part(part);
        let codes = encode(&self.vae, &self.designs(), &indices, &self.device)?;
        let Measured { name, values, least, sign } = measure(self, unusual, &indices, &codes)?;
        let mut order: Vec<usize> = (0..indices.len()).filter(|&i| least < values[i]).collect();
        order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
        let outlier = |i: usize| Outlier {
            design: indices[i],
            score: sign * values[i],
            code: codes.row(i).to_owned(),
        };
        let found = order.into_iter().map(outlier).collect();
        Ok(Outliers { name, looked_at: indices.len(), found })
    }
}

impl Outliers {
    /// Writes the first `count` as CSV, one row each: position, group, score, conditions and code.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_table(&self, run: &Run, count: usize, path: &Path) -> analysis::Result<()> {
        let mut columns = ["design", "group", "score"].map(str::to_owned).to_vec();
        columns.extend(run.data.condition_info().iter().map(|condition| condition.name.clone()));
        columns.extend((1..=run.vae.config().latent_dim).map(|dim| format!("z{dim}")));
        let mut table = Table::new(&columns.iter().map(String::as_str).collect::<Vec<_>>());
        for Outlier { design, score, code } in self.found.iter().take(count) {
            let group = run.data.groups()[*design];
            let mut row = vec![design.to_string(), group.to_string(), score.to_string()];
            row.extend(run.data.conditions().row(*design).iter().map(ToString::to_string));
            row.extend(code.iter().map(|z| format!("{z:.4}")));
            table.push(&row);
        }
        write_table(&table, path)
    }

    /// Draws the first `count` with their scores.
    ///
    /// # Errors
    /// If a design cannot be read or the picture cannot be drawn.
    pub fn draw(&self, run: &Run, count: usize, out: &Path) -> Result<()> {
        let shown = || self.found.iter().take(count);
        let chosen: Vec<usize> = shown().map(|outlier| outlier.design).collect();
        let designs = run.designs().array(&chosen)?;
        let caption =
            |outlier: &Outlier| format!("design {}\n{:.2}", outlier.design, outlier.score);
        let captions: Vec<String> = shown().map(caption).collect();
        let title = format!("The most unusual designs by {}", self.name);
        let marks = marks_of(&run.data, &chosen)?;
        let figure =
            Grid { title: &title, captions: &captions, marks: &marks, ..Grid::new(designs.view()) };
        grid(&figure, out).map_err(StudyError::drawing(out))
    }
}

impl Outlier {
    /// The design in one line.
    pub fn line(&self) -> String {
        let Self { design, score, code } = self;
        let code: Vec<String> = code.iter().map(|z| format!("{z:.4}")).collect();
        format!("design {design:6}  {score:10.3}  z = {}", code.join("  "))
    }
}

fn measure(
    run: &Run,
    unusual: Unusual,
    indices: &[usize],
    codes: &Array2<f32>,
) -> Result<Measured> {
    match unusual {
        Unusual::Below(dimension, value) => beyond(codes, dimension, value, 1.0),
        Unusual::Above(dimension, value) => beyond(codes, dimension, value, -1.0),
        Unusual::Distance => distance(run, codes),
        Unusual::Likelihood => likelihood(run, indices),
    }
}

/// Below a value of a latent dimension if `sign` is 1, above it if `sign` is −1.
fn beyond(codes: &Array2<f32>, dimension: usize, value: f32, sign: f64) -> Result<Measured> {
    let column = codes.column(index(dimension, codes.ncols())?);
    let word = if 0.0 < sign { "below" } else { "above" };
    Ok(Measured {
        name: format!("latent dimension {dimension} {word} {value}"),
        values: column.iter().map(|&z| -sign * f64::from(z)).collect(),
        least: -sign * f64::from(value),
        sign: -sign,
    })
}

fn distance(run: &Run, codes: &Array2<f32>) -> Result<Measured> {
    let train = encode(&run.vae, &run.designs(), &run.split.train, &run.device)?;
    let center = train.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(codes.ncols()));
    let distance = |code: ArrayView1<'_, f32>| {
        (&code - &center).iter().map(|&d| f64::from(d).powi(2)).sum::<f64>().sqrt()
    };
    let values = codes.rows().into_iter().map(distance).collect();
    let name = "distance from the mean code".to_owned();
    Ok(Measured { name, values, least: f64::NEG_INFINITY, sign: 1.0 })
}

fn likelihood(run: &Run, indices: &[usize]) -> Result<Measured> {
    let terms = terms_by_design(&run.vae, &run.designs(), indices, &run.device)?;
    let least = f64::NEG_INFINITY;
    if run.config.measure(run.designs().are_binary(indices)?) != Measure::None {
        let values = terms.iter().map(|terms| terms.kl - terms.log_likelihood).collect();
        return Ok(Measured { name: "bound on ln p(x)".into(), values, least, sign: -1.0 });
    }
    let (loss, beta) = (run.loss(), run.config.training.beta);
    let values = terms.iter().map(|terms| loss.per_design(*terms, beta)).collect();
    Ok(Measured { name: format!("loss ({})", loss.name(beta)), values, least, sign: 1.0 })
}
