//! Which end of the values is material: evidence in a fixed order, and how strong it is.

use vae_base::{Note, Remedy};

use crate::error::{DataError, ReadingError};
use crate::foreign::choices::Answer;
use crate::foreign::pieces::largest_shares;
use crate::foreign::setting::Setting;
use crate::set::opening::Opening;
use crate::set::value_range::ValueRange;

/// A column of numbers, one per design, which may be the volume fraction.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) values: Vec<f32>,
}

/// What pictures show, some of them or all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    /// Whether what surrounds the designs on the paper is dark.
    pub(crate) paper_is_dark: Option<bool>,
    /// Mean share of dark on the outermost pixels.
    pub(crate) border: f64,
    /// Share of dark, one number per picture.
    pub(crate) darkness: Vec<f64>,
    /// Shares of the dark and the light cells that are in the largest piece, one pair per picture
    /// that has both.
    pub(crate) pieces: Vec<[f64; 2]>,
    /// Labels and conditions, a value for each of these pictures.
    pub(crate) columns: Vec<Column>,
    /// Whether light stands for high values of a color map.
    pub(crate) is_map: bool,
}

/// What was decided, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Polarity {
    pub(crate) white_is_material: bool,
    pub(crate) reason: String,
    /// Whether hardly anything speaks for it.
    pub(crate) is_weak: bool,
}

/// A column whose mean distance from the share of one tone is below this is its volume fraction ...
const CLOSE: f64 = 0.1;
/// ... if the other tone is this many times as far away.
const CLEARLY: f64 = 2.0;
/// A dark background: more than this share of dark inside, and on the border.
const MOSTLY: f64 = 0.55;
/// One tone hangs together if the largest pieces of it are larger by this share than those of the
/// other tone, on average.
const TOGETHER: f64 = 0.1;
/// A stated volume is contradicted if the median design is further from it.
const OFF: f64 = 0.05;
/// Designs that are looked at.
const SAMPLE: usize = 256;

/// Decides. In this order: what was asked for; a column that follows the share of one tone, as a
/// volume fraction does; one tone that hangs together where the other is in several pieces; the
/// paper around designs, which looks like void; dark on most of the border and of the inside, which
/// is a background of void. Otherwise the high end of a color map is material, and of grey the
/// dark end.
pub(crate) fn decide(evidence: &Evidence, asked: Setting<Answer>) -> Polarity {
    let decided =
        |white_is_material, reason: String| Polarity { white_is_material, reason, is_weak: false };
    match asked {
        Setting::Given(Answer::Yes) => return decided(true, "asked for".into()),
        Setting::Given(Answer::No) => return decided(false, "asked for".into()),
        Setting::Auto | Setting::None => {}
    }
    let (dark, light) = if evidence.is_map { ("low", "high") } else { ("dark", "light") };
    if let Some((column, white)) = volume_column(evidence) {
        let tone = if white { light } else { dark };
        return decided(white, format!("{} follows the share of {tone} pixels", column.name));
    }
    let n = evidence.pieces.len() as f64;
    let more: f64 = evidence.pieces.iter().map(|[dark, light]| dark - light).sum();
    if TOGETHER * n < more.abs() {
        let white = more < 0.0;
        let (one, other) = if white { (light, dark) } else { (dark, light) };
        let reason = format!("{one} pixels hang together, and {other} ones are in several pieces");
        return decided(white, reason);
    }
    if let Some(paper_is_dark) = evidence.paper_is_dark {
        let tone = if paper_is_dark { "dark" } else { "light" };
        return decided(paper_is_dark, format!("void looks like the {tone} paper around it"));
    }
    let mean = evidence.darkness.iter().sum::<f64>() / evidence.darkness.len().max(1) as f64;
    let percent = 100.0 * mean;
    if MOSTLY < mean && MOSTLY < evidence.border {
        return decided(
            true,
            format!(
                "{percent:.0} % of the pixels are {dark}, and so are the borders, like a background"
            ),
        );
    }
    let reason = if evidence.is_map {
        format!("the high end of the color map, with {percent:.0} % of the pixels low")
    } else {
        format!("the default, with {percent:.0} % of the pixels dark, and nothing else tells")
    };
    Polarity { white_is_material: evidence.is_map, reason, is_weak: true }
}

/// The column that is the share of one tone, and whether that tone is light. Columns that are
/// called a volume fraction come first.
fn volume_column(evidence: &Evidence) -> Option<(&Column, bool)> {
    let named = |column: &&Column| is_volume(&column.name);
    let (first, others): (Vec<_>, Vec<_>) = evidence.columns.iter().partition(named);
    first.into_iter().chain(others).find_map(|column| {
        let values = &column.values;
        let shares = shares(values)?;
        let (least, most) = shares.iter().fold((f64::MAX, f64::MIN), |(least, most), share| {
            (least.min(*share), most.max(*share))
        });
        // A number that hardly varies is near some share by accident, unless it says what it is.
        if !is_volume(&column.name) && most - least < 0.05 {
            return None;
        }
        let distance = |white: bool| {
            let pairs = shares.iter().zip(&evidence.darkness);
            let sum: f64 = pairs
                .map(|(share, dark)| (share - if white { 1.0 - dark } else { *dark }).abs())
                .sum();
            sum / shares.len() as f64
        };
        let (black, white) = (distance(false), distance(true));
        let (near, far) = (black.min(white), black.max(white));
        (near < CLOSE && CLEARLY * near < far).then_some((column, white < black))
    })
}

/// Numbers as shares of 1, if they can be: 0 to 1, or 0 to 100 %.
fn shares(values: &[f32]) -> Option<Vec<f64>> {
    let max = values.iter().copied().fold(f32::MIN, f32::max);
    let scale = if max <= 1.0 { 1.0 } else { 100.0 };
    let fits = values.iter().all(|value| 0.0 <= *value && f64::from(*value) <= scale);
    fits.then(|| values.iter().map(|value| f64::from(*value) / scale).collect())
}

/// Whether a column is called what people call a volume fraction.
pub(crate) fn is_volume(name: &str) -> bool {
    let plain: String = name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    matches!(
        plain.as_str(),
        "volumefraction"
            | "volfrac"
            | "volumefrac"
            | "volfraction"
            | "vf"
            | "volume"
            | "vol"
            | "v"
            | "vfrac"
            | "volumeratio"
            | "volumenanteil"
            | "targetvolume"
            | "targetvolumefraction"
    )
}

/// Holds designs of known polarity against their stated volume fractions and against how they hang
/// together.
///
/// # Errors
///
/// [`ReadingError::Polarity`] if a stated volume fraction is off by more than 0.05 at the median
/// and fits the inverted designs.
pub(crate) fn check(set: &mut Opening, ends: ValueRange) -> Result<(), DataError> {
    let n = set.len();
    let sample: Vec<usize> = (0..n).step_by(n.div_ceil(SAMPLE)).collect();
    let width = set.size().1;
    let mut design = vec![0.0; set.size().0 * width];
    let (mut scratch, mut volumes, mut pieces) = (Vec::new(), Vec::new(), Vec::new());
    for index in &sample {
        set.parts.designs.read(*index, &mut design, &mut scratch)?;
        let mean = design.iter().map(|value| f64::from(*value)).sum::<f64>() / design.len() as f64;
        volumes.push(mean);
        let solid: Vec<bool> = design.iter().map(|value| 0.5 <= *value).collect();
        pieces.extend(largest_shares(&solid, width));
    }
    for (column, condition) in set.parts.conditions.iter().enumerate() {
        if !is_volume(&condition.name) {
            continue;
        }
        let stated: Vec<f32> = sample.iter().map(|row| set.parts.values[[*row, column]]).collect();
        let Some(stated) = shares(&stated) else { continue };
        let off = |inverted: bool| {
            let found = |volume: f64| if inverted { 1.0 - volume } else { volume };
            median(stated.iter().zip(&volumes).map(|(share, v)| (share - found(*v)).abs()))
        };
        if OFF < off(false) {
            if off(true) <= OFF {
                return Err(ReadingError::Polarity {
                    file: set.parts.designs.file(0),
                    column: condition.name.clone(),
                    stated: median(stated.iter().copied()),
                    found: median(volumes.iter().copied()),
                    remedies: Box::new(remedies(ends)),
                }
                .into());
            }
            // A volume may be one in cubic meters.
            if condition.name.to_lowercase().contains("frac") {
                set.parts.notes.push(Note::new(format!(
                    "warning: {} and the mean density differ by {:.2} at the median",
                    condition.name,
                    off(false)
                )));
            }
        }
        return Ok(());
    }
    let more: f64 = pieces.iter().map(|[solid, void]| void - solid).sum();
    if 2.0 * TOGETHER * (pieces.len() as f64) < more {
        set.note(
            Note::new(
                "warning: void hangs together and material is in several pieces, as if the designs \
                 were exchanged",
            )
            .or(remedies(ends)[0].clone()),
        );
    }
    Ok(())
}

/// What exchanges material and void in designs of these values, and what keeps them.
pub(crate) fn remedies(ends: ValueRange) -> [Remedy; 2] {
    let exchanged = ends.exchanged().to_string();
    [
        Remedy::set("range", exchanged, "exchanges material and void"),
        Remedy::set("range", ends.to_string(), "keeps them"),
    ]
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(darkness: &[f64]) -> Evidence {
        Evidence { border: 0.5, darkness: darkness.to_vec(), ..Evidence::default() }
    }

    fn white(evidence: &Evidence) -> bool {
        decide(evidence, Setting::Auto).white_is_material
    }

    fn column(name: &str, values: &[f32]) -> Column {
        Column { name: name.into(), values: values.to_vec() }
    }

    #[test]
    fn evidence_is_heard_in_its_order() {
        let mut found = evidence(&[0.7, 0.6, 0.8]);
        assert!(!white(&found), "the border is not dark enough");
        assert!(decide(&found, Setting::Auto).is_weak);
        found.border = 0.7;
        assert!(white(&found));
        found.paper_is_dark = Some(false);
        assert!(!white(&found));
        found.pieces = vec![[0.4, 1.0], [0.9, 0.95]];
        assert!(white(&found));
        found.columns = vec![column("b", &[0.69, 0.62, 0.8])];
        assert!(!white(&found));
        // One that is called a volume fraction comes first.
        found.columns.push(column("volfrac", &[30.0, 40.0, 20.0]));
        assert!(white(&found));
        assert!(decide(&found, Setting::Auto).reason.contains("volfrac follows"));
        assert!(!decide(&found, "no".parse().unwrap()).white_is_material);
        // As near to one as to the other, and no volumes at all.
        found.columns = vec![column("v", &[0.5, 0.5, 0.5]), column("a", &[5.0, 900.0, 3.0])];
        assert!(decide(&found, Setting::Auto).reason.contains("hang together"));
    }

    #[test]
    fn dark_is_material_unless_something_speaks_against_it() {
        for darkness in [0.1, 0.4, 0.5] {
            let found = Evidence { border: 0.9, ..evidence(&[darkness; 3]) };
            assert!(!white(&found), "{darkness}");
            assert!(white(&Evidence { is_map: true, ..found }), "{darkness}");
        }
    }
}
