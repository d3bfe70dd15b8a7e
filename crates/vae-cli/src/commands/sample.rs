//! `vae sample`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use ndarray::{Array3, ArrayView2, Axis, concatenate, s};
use topo_data::{Judgement, judge_all, problem_at_conditions};
use vae_data::DataSet;
use vae_design::{Projection, decode_exact};
use vae_models::Vae;
use vae_report::{Grid, grid};
use vae_study::analysis::{JudgedRow, Optima, write_judged_table};
use vae_train::explore::{conditions, decode, prior_draws, repeated};
use vae_train::trust::Trust;

use crate::args::ModelArgs;
use crate::args::{SamplerArg, assignment};
use crate::failure::UsageError;
use crate::output::{self, line, note, shown};
use vae_study::Model;
use vae_study::pictures::at_conditions;
use vae_study::trust;

/// Generate new designs
///
/// Writes the mean designs (densities 0 to 1; with --exact-volume of 0 and 1 only), a contact
/// sheet, and a table with what was asked, what came out, and, where the data of the run say what
/// their designs carry, how stiff each is. With the data there is a trust report too: the nearest
/// training design and its distance (root mean square of a pixel), the share of training designs
/// that are no likelier, and a picture of how unsure each pixel is. Conditions that are not set
/// stay at their training mean. With `--rows`, each row of the sheet has another value of one
/// condition, and each column another draw from the prior.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae sample --set volume_fraction=0.4 --set load_y=0.5 --count 16 --out samples
  vae sample --sampler mixture --set volume_fraction=0.4
  vae sample --exact-volume --set volume_fraction=0.4 --out black-and-white
  vae sample --rows volume_fraction=0.3,0.4,0.5 --count 6 --out by-volume
  vae sample runs/cantilever-default-1 --count 8 --seed 7 --out more-samples")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// A condition, NAME=VALUE, in the data's own unit; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    set: Vec<(String, f32)>,
    /// A condition with one value for each row of the sheet
    #[arg(long, value_name = "NAME=V1,V2,...", value_parser = series)]
    rows: Option<Series>,
    /// Where codes are drawn from: the prior, or what was fitted to the codes of the data under
    /// these conditions
    #[arg(long, value_enum, default_value_t)]
    sampler: SamplerArg,
    /// Cut designs to 0/1 at exactly the volume asked for, instead of mean densities
    #[arg(long)]
    exact_volume: bool,
    /// How many draws: designs, or columns of the sheet with --rows
    #[arg(long, value_name = "N", default_value_t = 16)]
    count: usize,
    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Folder to write into
    #[arg(long, value_name = "DIR", default_value = "samples")]
    out: PathBuf,
}

/// A condition and the values that it takes.
#[derive(Clone)]
struct Series {
    name: String,
    values: Vec<f32>,
}

/// Reads `NAME=V1,V2,...`.
fn series(text: &str) -> Result<Series, String> {
    let (name, values) = text.split_once('=').ok_or("write it as NAME=V1,V2,...")?;
    let number = |text: &str| text.trim().parse().map_err(|_| format!("{text:?} is not a number"));
    let values = values.split(',').map(number).collect::<Result<_, _>>()?;
    Ok(Series { name: name.to_owned(), values })
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.count == 0 {
        return Err(UsageError::new("--count 0 leaves nothing to do").into());
    }
    let Model { vae, device, .. } = args.model.open()?;
    let rows = conditions_of_rows(&vae, args)?;
    let blocks: Vec<_> = rows.iter().map(|row| repeated(row, args.count)).collect();
    let cs = concatenate(Axis(0), &blocks.iter().map(|block| block.view()).collect::<Vec<_>>())?;
    let opened = args.model.with_data();
    // A column of the sheet is one draw: each row has the noise of the first.
    let zs = if args.sampler == SamplerArg::Standard {
        if opened.is_some() {
            note(
                "codes from the prior; --sampler mixture draws them from where the codes of the data are",
            );
        }
        let draws = prior_draws(vae.config().latent_dim, args.count, args.seed);
        concatenate(Axis(0), &vec![draws.view(); rows.len()])?
    } else {
        let samplers = args.model.samplers(&vae, opened.as_ref())?;
        let drawn =
            blocks.iter().map(|block| samplers.draws(&vae, args.sampler.into(), block, args.seed));
        let drawn: Vec<_> = drawn.collect();
        concatenate(Axis(0), &drawn.iter().map(|block| block.view()).collect::<Vec<_>>())?
    };
    let data = opened.as_ref().map(|opened| &opened.data);
    // Told of some conditions only, a model is judged by its looks.
    let data = data.filter(|data| data.conditions().ncols() == cs.ncols());
    let designs = if args.exact_volume {
        let drawn = zs.axis_chunks_iter(Axis(0), args.count);
        let blocks = rows.iter().zip(drawn);
        let blocks =
            blocks.map(|(row, zs)| Ok(decode_exact(&vae, zs, row, &projection(&vae, data, row)?)?));
        let blocks: Vec<Array3<f32>> = blocks.collect::<Result<_>>()?;
        concatenate(Axis(0), &blocks.iter().map(|block| block.view()).collect::<Vec<_>>())?
    } else {
        decode(&vae, &zs, &cs, &device)?
    };

    output::folder(&args.out)?;
    let arrays = args.out.join("designs.npz");
    output::arrays(&arrays, &designs, &cs, &zs)?;
    let table = args.out.join("designs.csv");
    let verdicts = data.map(|data| judge(data, &designs, cs.view())).transpose()?;
    let verdicts = verdicts.unwrap_or_default();
    let report = opened.as_ref().map(|opened| opened.trust(&designs, &cs)).transpose()?;
    self::table(&table, &vae, &designs, cs.view(), &verdicts, report.as_ref())?;
    let picture = args.out.join("designs.png");
    draw(&vae, args, &rows[0], &designs, &picture)?;
    words(&verdicts)?;
    if let Some(report) = &report {
        line(trust::sentence(report))?;
        let picture = args.out.join("uncertainty.png");
        trust::draw(report, &picture)?;
        line(format!("how unsure each pixel is: {}", shown(&picture)))?;
    }
    line(format!(
        "{} designs: {}, {}, {}",
        designs.len_of(Axis(0)),
        shown(&arrays),
        shown(&picture),
        shown(&table)
    ))?;
    Ok(ExitCode::SUCCESS)
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
    let column = column.ok_or_else(|| {
        UsageError::new(
            "--exact-volume needs a volume: the data state no problem, and no condition is called volume_fraction",
        )
    })?;
    let grid = topo_simp::Grid { nelx: config.width, nely: config.height };
    Ok(Projection::of_volume(grid, f64::from(row[column]))?)
}

/// One condition vector for each row of the sheet; one in all without `--rows`.
fn conditions_of_rows(vae: &Vae, args: &Args) -> Result<Vec<Vec<f32>>> {
    let Some(series) = &args.rows else { return Ok(vec![conditions(vae, &args.set)?]) };
    let rows = series.values.iter().map(|&value| {
        let mut set = args.set.clone();
        set.push((series.name.clone(), value));
        Ok(conditions(vae, &set)?)
    });
    rows.collect()
}

fn draw(
    vae: &Vae,
    args: &Args,
    condition: &[f32],
    designs: &Array3<f32>,
    out: &Path,
) -> Result<()> {
    let captions: Vec<String> =
        designs.outer_iter().map(|design| format!("volume {:.3}", mean(design))).collect();
    let (name, values) = args
        .rows
        .as_ref()
        .map_or(("", &[][..]), |series| (series.name.as_str(), series.values.as_slice()));
    let from = if args.sampler == SamplerArg::Standard { "Prior" } else { "Fitted" };
    let title = format!("{from} samples{}", at_conditions(vae, condition, name));
    let row_labels: Vec<String> = values.iter().map(ToString::to_string).collect();
    let draws = if values.is_empty() { 0 } else { args.count };
    let column_labels: Vec<String> = (1..=draws).map(|draw| format!("draw {draw}")).collect();
    let figure = Grid {
        title: &title,
        columns: (0 < draws).then_some(draws),
        row_axis: name,
        row_labels: &row_labels,
        column_labels: &column_labels,
        captions: &captions,
        ..Grid::new(designs.view())
    };
    grid(&figure, out).with_context(|| format!("cannot draw {}", out.display()))
}

/// What mechanics says of designs, with the compliance of the SIMP optimum at equal volume; none
/// where no problem is known.
type Verdict = Option<(Judgement, f64)>;

/// Judges designs whose problem the data know: theirs at the conditions of each design.
fn judge(data: &DataSet, designs: &Array3<f32>, cs: ArrayView2<'_, f32>) -> Result<Vec<Verdict>> {
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
                let optimum = optima.of(&problem)?.compliance_cut;
                let judged = judge_all(&vec![problem; same], block)?;
                verdicts.extend(judged.into_iter().map(|judgement| Some((judgement, optimum))));
            }
        }
        start += same;
    }
    Ok(verdicts)
}

/// One row per design: the conditions asked for, and what is known of it.
fn table(
    path: &Path,
    vae: &Vae,
    designs: &Array3<f32>,
    cs: ArrayView2<'_, f32>,
    verdicts: &[Verdict],
    report: Option<&Trust>,
) -> Result<()> {
    let names = vae.config().conditions.iter().map(|condition| condition.name.as_str());
    let first: Vec<&str> = std::iter::once("design").chain(names).chain(trust::COLUMNS).collect();
    let row = |i: usize| {
        let asked = cs.row(i).to_vec().into_iter().map(|value| value.to_string());
        let known = trust::cells(report, i);
        let which = std::iter::once(i.to_string()).chain(asked).chain(known).collect();
        match verdicts.get(i).and_then(Option::as_ref) {
            Some((judgement, optimum)) => JudgedRow::judged(which, judgement, Some(*optimum)),
            None => JudgedRow::seen(which, designs.index_axis(Axis(0), i)),
        }
    };
    Ok(write_judged_table(path, &first, &(0..cs.nrows()).map(row).collect::<Vec<_>>())?)
}

/// How many of the designs are any good.
fn words(verdicts: &[Verdict]) -> Result<()> {
    let known: Vec<&(Judgement, f64)> = verdicts.iter().flatten().collect();
    if known.is_empty() {
        return Ok(());
    }
    let near = |limit: f64| {
        let good = |(j, optimum): &&&(Judgement, f64)| {
            j.loads_supported && j.compliance_error(*optimum) <= limit
        };
        known.iter().filter(good).count()
    };
    line(format!(
        "at equal volume, {} of {} are within 10 % of the compliance of the SIMP optimum, {} within 100 %",
        near(0.1),
        known.len(),
        near(1.0)
    ))
}

fn mean(design: ArrayView2<'_, f32>) -> f64 {
    design.iter().map(|&value| f64::from(value)).sum::<f64>() / design.len() as f64
}
