//! Ways through latent space: between two designs, between random codes, along a condition.

use std::path::Path;

use ndarray::{Array2, Array3, ArrayView1, Axis};
use vae_models::Vae;
use vae_report::{Strip, strip};
use vae_train::TrainError;
use vae_train::codes::{decode, encode, prior_draws};
use vae_train::data::Given;
use vae_train::generate::{Path as Way, condition_column, conditions, path, set_conditions};

use crate::error::{Result, StudyError};
use crate::middle::middle;
use crate::run::{Briefing, Run, silhouette, told};

/// Two designs to walk between.
pub struct Ends {
    /// Position of the first design in the data.
    pub from: usize,
    /// Position of the last design.
    pub to: usize,
    /// Whether they are variants of one problem: same group, same conditions.
    one_problem: bool,
}

/// How to walk.
#[derive(Clone, Copy, Debug)]
pub struct Course<'a> {
    /// Number of designs, both ends included, at least 2.
    pub steps: usize,
    /// How one code becomes the other.
    pub way: Way,
    /// Conditions that are held, by name.
    pub held: &'a [(String, f32)],
    /// Values of conditions at the end, by name.
    pub at_end: &'a [(String, f32)],
}

/// Codes and conditions of the designs on a way, with a label for each.
#[derive(Clone, Debug)]
pub struct Walk {
    /// What the way connects.
    pub title: String,
    /// Codes, shape (steps, latent dimensions).
    pub zs: Array2<f32>,
    /// What the model is told at each step.
    pub given: Given,
    /// One label for each step.
    pub labels: Vec<String>,
}

impl Ends {
    /// Two designs by their positions in the data.
    ///
    /// # Errors
    /// [`TrainError::Index`].
    pub fn chosen(run: &Run, from: usize, to: usize) -> Result<Self> {
        let len = run.data.len();
        match [from, to].into_iter().find(|&index| len <= index) {
            Some(index) => Err(TrainError::Index { index, part: "data set", len }.into()),
            None => Ok(Self { from, to, one_problem: are_variants(run, from, to) }),
        }
    }

    /// The least alike variants of one problem among the test designs if there are variants, the
    /// first and the last of these designs otherwise; of the validation or training designs if
    /// there are fewer than two for the test.
    ///
    /// # Errors
    /// [`StudyError::NoDesigns`]; if a design cannot be read.
    pub fn held_out(run: &Run) -> Result<Self> {
        let (_, test) = run.shown(2);
        let designs = run.designs().array(&test)?;
        let silhouettes: Vec<_> = designs.outer_iter().map(silhouette).collect();
        let mut least_alike = None;
        for (i, &from) in test.iter().enumerate() {
            for (j, &to) in test.iter().enumerate().skip(i + 1) {
                if are_variants(run, from, to) {
                    let overlap = silhouettes[i].iou(&silhouettes[j]);
                    if least_alike.is_none_or(|(least, _)| overlap < least) {
                        least_alike = Some((overlap, (from, to)));
                    }
                }
            }
        }
        let ends = || test.first().copied().zip(test.last().copied());
        let ends = least_alike.map(|(_, pair)| pair).or_else(ends);
        let (from, to) = ends.ok_or(StudyError::NoDesigns)?;
        Self::chosen(run, from, to)
    }

    /// The heading of their interpolation.
    pub fn title(&self) -> &'static str {
        if self.one_problem {
            "Interpolation between two designs of one problem"
        } else {
            "Interpolation between two designs"
        }
    }
}

impl Walk {
    /// From the code of one design to that of another, under their own conditions.
    ///
    /// # Errors
    /// If a design cannot be read, or a condition is unknown or out of range.
    pub fn between_designs(run: &Run, ends: &Ends, course: Course<'_>) -> Result<Self> {
        let (designs, pair) = (run.designs(), [ends.from, ends.to]);
        let codes = encode(&run.vae, &designs, &pair, &run.device)?;
        let names = pair.map(|index| format!("design {index}"));
        let title = ends.title().to_owned();
        let own = designs.given(&pair);
        let briefing = Briefing::new(None, Some(&run.data))?;
        // Where nothing states a problem between those of the ends, that of the nearer end is told.
        let told = |step: usize, cs: &[f32]| match briefing.problem(&run.vae, cs)? {
            Some(problem) if !ends.one_problem => told(&run.vae, cs, &problem),
            _ => {
                let nearer = own.select(&[usize::from(course.steps <= 2 * step)]);
                Ok(Given::repeated(cs, nearer.fields().first(), 1))
            }
        };
        Self::between(&run.vae, (title, names), &codes, own.conditions().clone(), course, told)
    }

    /// Between two draws from the prior, at the training mean of the conditions.
    ///
    /// # Errors
    /// If a condition is unknown or out of range; as [`Briefing::given`].
    pub fn between_draws(
        vae: &Vae,
        briefing: &Briefing<'_>,
        seed: u64,
        course: Course<'_>,
    ) -> Result<Self> {
        let draws = prior_draws(vae.config().latent_dim, 2, seed);
        let cs = rows(&conditions(vae, &[])?, 2);
        let names = ["draw 1", "draw 2"].map(str::to_owned);
        let title = "Interpolation between two prior draws".to_owned();
        Self::between(vae, (title, names), &draws, cs, course, |_, cs| briefing.given(vae, cs))
    }

    /// Along the training range of one condition, with the code of the training design nearest to
    /// the median of all, or the mean of the prior if there are no data. Unless conditions are
    /// held, the others are those of that design.
    ///
    /// # Errors
    /// If a condition is unknown or out of range, or a design cannot be read; as
    /// [`Briefing::given`].
    pub fn along(
        vae: &Vae,
        run: Option<&Run>,
        briefing: &Briefing<'_>,
        name: &str,
        course: Course<'_>,
    ) -> Result<Self> {
        let middle = run.map(middle).transpose()?.flatten();
        let own = middle.as_ref().zip(run).filter(|_| course.held.is_empty());
        let base = match own {
            Some(((design, _), run)) => {
                run.designs().given(&[*design]).conditions().row(0).to_vec()
            }
            None => conditions(vae, course.held)?,
        };
        let column = condition_column(vae, name)?;
        let range = &vae.config().conditions[column];
        let mut ends = rows(&base, 2);
        (ends[[0, column]], ends[[1, column]]) = (range.min, range.max);
        let cs = path(&ends, course.steps, Way::Linear);
        let values = cs.index_axis(Axis(1), column);
        let labels = values.iter().map(|value| format!("{name} {value:.3}")).collect();
        let mut zs = Array2::zeros((course.steps, vae.config().latent_dim));
        let mut title = format!("The mean of the prior along {name}");
        if let Some((design, code)) = &middle {
            zs.rows_mut().into_iter().for_each(|mut z| z.assign(code));
            title = format!("The code of design {design}, nearest to the median, along {name}");
        }
        Ok(Self { title, zs, given: briefing.rows(vae, &cs)?, labels })
    }

    /// Between two codes, under conditions of which some are held and some moved.
    fn between(
        vae: &Vae,
        (title, [from, to]): (String, [String; 2]),
        codes: &Array2<f32>,
        mut cs: Array2<f32>,
        course: Course<'_>,
        told: impl Fn(usize, &[f32]) -> Result<Given>,
    ) -> Result<Self> {
        for (row, also) in [(0, &[][..]), (1, course.at_end)] {
            let mut values = cs.row(row).to_vec();
            set_conditions(vae, &mut values, course.held)?;
            set_conditions(vae, &mut values, also)?;
            cs.row_mut(row).assign(&ArrayView1::from(&values));
        }
        let steps = course.steps;
        let share = |step: usize| format!("{:.2}", step as f64 / (steps - 1) as f64);
        let mut labels: Vec<String> = (0..steps).map(share).collect();
        labels[0] = from;
        labels[steps - 1] = to;
        let cs = path(&cs, steps, Way::Linear);
        Ok(Self { title, zs: path(codes, steps, course.way), given: given_at(&cs, told)?, labels })
    }

    /// The designs on the way, shape (steps, rows, columns).
    ///
    /// # Errors
    /// If the model cannot decode.
    pub fn designs(&self, vae: &Vae) -> Result<Array3<f32>> {
        Ok(decode(vae, &self.zs, &self.given, vae.device())?)
    }

    /// Draws the designs as a strip.
    ///
    /// # Errors
    /// [`StudyError::Draw`].
    pub fn draw(&self, designs: &Array3<f32>, out: &Path) -> Result<()> {
        let figure =
            Strip { title: &self.title, designs: designs.view(), labels: &self.labels, marks: &[] };
        strip(&figure, out).map_err(StudyError::drawing(out))
    }
}

/// What the model is told at each row of conditions.
fn given_at(cs: &Array2<f32>, told: impl Fn(usize, &[f32]) -> Result<Given>) -> Result<Given> {
    let rows = cs.outer_iter().enumerate().map(|(step, row)| told(step, &row.to_vec()));
    Ok(Given::joined(&rows.collect::<Result<Vec<_>>>()?))
}

/// A row of conditions `count` times.
fn rows(conditions: &[f32], count: usize) -> Array2<f32> {
    Given::repeated(conditions, None, count).conditions().clone()
}

fn are_variants(run: &Run, a: usize, b: usize) -> bool {
    let (groups, conditions) = (run.data.groups(), run.data.conditions());
    groups[a] == groups[b] && conditions.row(a) == conditions.row(b)
}
