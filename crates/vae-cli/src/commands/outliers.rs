//! `vae outliers`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use ndarray::{Array2, ArrayView1, Axis};
use vae_report::{Grid, grid};
use vae_train::evaluate::{encode, terms_by_design};
use vae_train::run::write;

use crate::dimensions::index;
use crate::failure::UsageError;
use crate::opened::{OpenedRun, Part, RunArgs};
use crate::output::{self, line, shown};

/// Find designs that the model takes for unusual
///
/// By distance: far from the mean code of the training designs, in latent units, in which the
/// prior's deviation is 1. By likelihood: the lowest bound on ln p(x) of one draw (where there is
/// no likelihood: the largest loss). By coordinate: beyond a threshold in one latent dimension.
/// Writes a table with the codes and a sheet of the designs, the most unusual first.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae outliers
  vae outliers --by likelihood --count 24 --out unlikely
  vae outliers --below 1=-1.5
  vae outliers runs/cantilever-default-1 --above 2=2 --part test")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// What makes a design unusual
    #[arg(long, value_enum, default_value = "distance", conflicts_with_all = ["below", "above"])]
    by: Measure,
    /// Designs whose latent dimension I, counted from 1, is below X
    #[arg(long, value_name = "I=X", value_parser = threshold, allow_hyphen_values = true, conflicts_with = "above")]
    below: Option<(usize, f32)>,
    /// Designs whose latent dimension I is above X
    #[arg(long, value_name = "I=X", value_parser = threshold, allow_hyphen_values = true)]
    above: Option<(usize, f32)>,
    /// At most so many designs
    #[arg(long, value_name = "N", default_value_t = 12)]
    count: usize,
    /// Which designs are looked at
    #[arg(long, value_enum, default_value = "all")]
    part: Part,
    /// Folder to write into
    #[arg(long, value_name = "DIR", default_value = "outliers")]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Measure {
    /// Distance from the mean code of the training designs
    Distance,
    /// Bound on ln p(x)
    Likelihood,
}

/// Reads `I=X`.
fn threshold(text: &str) -> Result<(usize, f32), String> {
    let wrong = || "write it as I=X: a latent dimension, counted from 1, and a number".to_owned();
    let (dimension, value) = text.split_once('=').ok_or_else(wrong)?;
    dimension.parse().ok().zip(value.parse().ok()).ok_or_else(wrong)
}

/// What a design is scored by; the largest are the most unusual.
struct Scores {
    name: String,
    values: Vec<f64>,
    /// Designs that score less are none.
    least: f64,
    /// What is shown, where the score is not: minus a bound.
    sign: f64,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.count == 0 {
        return Err(UsageError::new("--count 0 leaves nothing to do").into());
    }
    let opened = args.run.open()?;
    let indices = opened.part(args.part);
    let codes = encode(&opened.vae, &opened.designs(), &indices, &opened.device)?;
    let scores = score(args, &opened, &indices, &codes)?;
    let mut order: Vec<usize> =
        (0..indices.len()).filter(|&i| scores.least < scores.values[i]).collect();
    order.sort_by(|&a, &b| scores.values[b].total_cmp(&scores.values[a]));
    let found = order.len();
    order.truncate(args.count);
    if order.is_empty() {
        line(format!("no design of {} is an outlier by {}", indices.len(), scores.name))?;
        return Ok(ExitCode::SUCCESS);
    }

    output::folder(&args.out)?;
    let table = args.out.join("outliers.csv");
    write(&table, rows(&opened, &indices, &codes, &scores, &order).as_bytes())?;
    let chosen: Vec<usize> = order.iter().map(|&i| indices[i]).collect();
    let designs = opened.designs().array(&chosen)?;
    let captions: Vec<String> = order
        .iter()
        .map(|&i| format!("design {}\n{:.2}", indices[i], scores.sign * scores.values[i]))
        .collect();
    let title = format!("The most unusual designs by {}", scores.name);
    let figure = Grid { title: &title, captions: &captions, ..Grid::new(designs.view()) };
    let picture = args.out.join("outliers.png");
    grid(&figure, &picture).with_context(|| format!("cannot draw {}", picture.display()))?;
    for &i in order.iter().take(10) {
        let score = scores.sign * scores.values[i];
        line(format!("design {:6}  {score:10.3}  z = {}", indices[i], code(codes.row(i), "  ")))?;
    }
    line(format!(
        "{} of {found} designs by {}: {}, {}",
        order.len(),
        scores.name,
        shown(&table),
        shown(&picture)
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn score(
    args: &Args,
    opened: &OpenedRun,
    indices: &[usize],
    codes: &Array2<f32>,
) -> Result<Scores> {
    let latent_dim = codes.ncols();
    let beyond = |(dimension, value): (usize, f32), sign: f64, word: &str| {
        let column = codes.column(index(dimension, latent_dim)?);
        Ok(Scores {
            name: format!("latent dimension {dimension} {word} {value}"),
            values: column.iter().map(|&z| -sign * f64::from(z)).collect(),
            least: -sign * f64::from(value),
            sign: -sign,
        })
    };
    if let Some(below) = args.below {
        return beyond(below, 1.0, "below");
    }
    if let Some(above) = args.above {
        return beyond(above, -1.0, "above");
    }
    if args.by == Measure::Distance {
        let train = encode(&opened.vae, &opened.designs(), &opened.split.train, &opened.device)?;
        let center = train.mean_axis(Axis(0)).context("the training split is empty")?;
        let distance = |code: ArrayView1<'_, f32>| {
            (&code - &center).iter().map(|&d| f64::from(d).powi(2)).sum::<f64>().sqrt()
        };
        let values = codes.rows().into_iter().map(distance).collect();
        let name = "distance from the mean code".to_owned();
        return Ok(Scores { name, values, least: f64::NEG_INFINITY, sign: 1.0 });
    }
    let terms = terms_by_design(&opened.vae, &opened.designs(), indices, &opened.device)?;
    let least = f64::NEG_INFINITY;
    if opened.config.is_normalized(opened.designs().are_binary(indices)?) {
        let values = terms.iter().map(|terms| terms.kl - terms.log_likelihood).collect();
        return Ok(Scores { name: "bound on ln p(x)".into(), values, least, sign: -1.0 });
    }
    let loss = opened.loss();
    let beta = opened.config.training.beta;
    let values =
        terms.iter().map(|terms| loss.per_design(terms.log_likelihood, terms.kl, beta)).collect();
    Ok(Scores { name: format!("loss ({})", loss.name(beta)), values, least, sign: 1.0 })
}

/// One row per outlier: its position, group, score, conditions and code.
fn rows(
    opened: &OpenedRun,
    indices: &[usize],
    codes: &Array2<f32>,
    scores: &Scores,
    order: &[usize],
) -> String {
    let mut text = String::from("design,group,score");
    for condition in opened.data.condition_info() {
        let _ = write!(text, ",{}", condition.name);
    }
    (1..=codes.ncols()).for_each(|dim| {
        let _ = write!(text, ",z{dim}");
    });
    text.push('\n');
    for &i in order {
        let design = indices[i];
        let score = scores.sign * scores.values[i];
        let _ = write!(text, "{design},{},{score}", opened.data.groups()[design]);
        for value in opened.data.conditions().row(design) {
            let _ = write!(text, ",{value}");
        }
        let _ = writeln!(text, ",{}", code(codes.row(i), ","));
    }
    text
}

fn code(code: ArrayView1<'_, f32>, between: &str) -> String {
    code.iter().map(|z| format!("{z:.4}")).collect::<Vec<_>>().join(between)
}
