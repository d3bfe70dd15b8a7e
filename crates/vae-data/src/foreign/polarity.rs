//! Which end of the values is material: evidence in a fixed order, and how strong it is.

use vae_base::Note;

use crate::foreign::choices::Answer;
use crate::foreign::setting::Setting;

/// A column of numbers, one per design, which may be the volume fraction.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) values: Vec<f32>,
}

/// What the values come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Values {
    /// Shades of grey, in which material is often dark.
    #[default]
    Grey,
    /// A color map, whose high end is often material.
    Map,
    /// Numbers, of which the larger one is material by convention.
    Numbers,
}

/// What designs show, some of them or all. Of color maps and numbers, dark is the low end.
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
    /// What the values come from.
    pub(crate) values: Values,
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
pub(crate) const CLEARLY: f64 = 2.0;
/// A dark background: more than this share of dark inside, and on the border.
const MOSTLY: f64 = 0.55;
/// A tone that covers this share of the outermost pixels is a background.
const RIM: f64 = 0.95;
/// One tone hangs together if its largest pieces hold this share of it on average ...
const ONE_PIECE: f64 = 0.95;
/// ... and the other is in several pieces if its largest ones hold at most this share of it.
const SEVERAL: f64 = 0.75;
/// Pictures contradict each other if more than this share of them speaks for each tone ...
const MANY: f64 = 0.2;
/// ... and nearly all of them speak: of designs that are not finished, some look either way.
const NEARLY_ALL: f64 = 0.8;
/// One tone hangs together more than the other if its largest pieces are larger by this share.
const TOGETHER: f64 = 0.1;

/// Decides. In this order: what was asked for; a column that follows the share of one tone, as a
/// volume fraction does; one tone that hangs together where the other is in several pieces; a
/// border of one tone, which is a background of void. The rest is weak: the paper around designs,
/// which often looks like void; one tone that hangs together more than the other; dark on most of
/// the border and of the inside. Otherwise the high end of a color map and of numbers is material,
/// and of grey the dark end.
///
/// A border of one tone makes that tone hang together whatever it is, so the two speak against each
/// other if they say that it is material, and the decision is weak.
pub(crate) fn decide(evidence: &Evidence, asked: Setting<Answer>) -> Polarity {
    let decided =
        |white_is_material, reason: String| Polarity { white_is_material, reason, is_weak: false };
    let weak =
        |white_is_material, reason: String| Polarity { white_is_material, reason, is_weak: true };
    match asked {
        Setting::Given(Answer::Yes) => return decided(true, "asked for".into()),
        Setting::Given(Answer::No) => return decided(false, "asked for".into()),
        Setting::Auto | Setting::None => {}
    }
    let (what, [dark, light]) = match evidence.values {
        Values::Grey => ("pixels", ["dark", "light"]),
        Values::Map => ("pixels", ["low", "high"]),
        Values::Numbers => ("values", ["low", "high"]),
    };
    let tone = |white: bool| if white { light } else { dark };
    if let Some((column, white)) = volume_column(evidence) {
        return decided(
            white,
            format!("{} follows the share of {} {what}", column.name, tone(white)),
        );
    }
    let [dark_piece, light_piece] = evidence.largest_pieces();
    // Whether light is one piece and dark is several, or the other way round.
    let whole = if ONE_PIECE <= light_piece && dark_piece <= SEVERAL {
        Some(true)
    } else {
        (ONE_PIECE <= dark_piece && light_piece <= SEVERAL).then_some(false)
    };
    let rim_is_dark = if RIM <= evidence.border {
        Some(true)
    } else {
        (evidence.border <= 1.0 - RIM).then_some(false)
    };
    if let Some(white) = whole.filter(|white| rim_is_dark != Some(!white)) {
        let (one, other) = (tone(white), tone(!white));
        let reason = format!("{one} {what} hang together, and {other} ones are in several pieces");
        return decided(white, reason);
    }
    if let Some(is_dark) = rim_is_dark {
        let reason = format!("the borders are {} throughout, like a background", tone(!is_dark));
        return Polarity { white_is_material: is_dark, reason, is_weak: whole.is_some() };
    }
    if let Some(paper_is_dark) = evidence.paper_is_dark {
        let tone = if paper_is_dark { "dark" } else { "light" };
        return weak(paper_is_dark, format!("the paper is {tone}, and void may be too"));
    }
    if TOGETHER < (dark_piece - light_piece).abs() {
        let white = dark_piece < light_piece;
        let (one, other) = (tone(white), tone(!white));
        return weak(white, format!("{one} {what} are in larger pieces than {other} ones"));
    }
    let mean = evidence.darkness.iter().sum::<f64>() / evidence.darkness.len().max(1) as f64;
    let percent = 100.0 * mean;
    if MOSTLY < mean && MOSTLY < evidence.border {
        let reason = format!("{percent:.0} % of the {what} are {dark}, as a background often is");
        return weak(true, reason);
    }
    let reason = match evidence.values {
        Values::Grey => {
            format!("the default, with {percent:.0} % of the pixels dark, and nothing else tells")
        }
        Values::Map => {
            format!("the high end of the color map, with {percent:.0} % of the pixels low")
        }
        Values::Numbers => format!("with {percent:.0} % of the values low, nothing tells"),
    };
    weak(evidence.values != Values::Grey, reason)
}

impl Polarity {
    /// What to say of pictures, in grey or in the colors of a map.
    pub(crate) fn on_pictures(&self, is_map: bool) -> Note {
        let [white, black] =
            if is_map { ["the high end", "the low end"] } else { ["white", "black"] };
        let material = if self.white_is_material { white } else { black };
        let doubt = if self.is_weak { "warning: " } else { "" };
        Note::new(format!("{doubt}{material} is material: {}", self.reason))
    }
}

impl Evidence {
    /// Numbers of pictures in which light cells, or dark ones, hang together while the others are in
    /// several pieces, if there are many of both and hardly any others.
    pub(crate) fn contradiction(&self) -> Option<[usize; 2]> {
        let whole = |one: usize| {
            let is_whole = |pair: &&[f64; 2]| ONE_PIECE <= pair[one] && pair[1 - one] <= SEVERAL;
            self.pieces.iter().filter(is_whole).count()
        };
        let ([light, dark], n) = ([whole(1), whole(0)], self.pieces.len() as f64);
        let few = light.min(dark);
        let speak = NEARLY_ALL * n <= (light + dark) as f64;
        (speak && MANY * n <= few as f64 && 1 < few).then_some([light, dark])
    }

    /// Mean share of the dark and of the light cells that are in the largest piece; the same number
    /// if no picture has both.
    fn largest_pieces(&self) -> [f64; 2] {
        let n = self.pieces.len().max(1) as f64;
        [0, 1].map(|tone| self.pieces.iter().map(|pair| pair[tone]).sum::<f64>() / n)
    }
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
        let is_of_void = is_of_void(&column.name);
        let distance = |white: bool| {
            let pairs = shares.iter().zip(&evidence.darkness);
            let sum: f64 = pairs
                .map(|(share, dark)| {
                    (share - if white == is_of_void { *dark } else { 1.0 - dark }).abs()
                })
                .sum();
            sum / shares.len() as f64
        };
        let (black, white) = (distance(false), distance(true));
        let (near, far) = (black.min(white), black.max(white));
        (near < CLOSE && CLEARLY * near < far).then_some((column, white < black))
    })
}

/// Whether a column is called a share of void.
fn is_of_void(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains("poros") || name.contains("void")
}

/// Numbers as shares of 1, if they can be: 0 to 1, or 0 to 100 %.
pub(crate) fn shares(values: &[f32]) -> Option<Vec<f64>> {
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
        assert!(decide(&found, Setting::Auto).is_weak, "as a volume of less than a half is");
        found.paper_is_dark = Some(false);
        assert!(!white(&found) && decide(&found, Setting::Auto).is_weak);
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
            assert!(white(&Evidence { values: Values::Map, ..found }), "{darkness}");
        }
    }

    #[test]
    fn a_border_of_one_tone_is_a_background() {
        let rim = |border, pieces: [f64; 2]| {
            let found = Evidence { border, pieces: vec![pieces], ..evidence(&[0.5]) };
            let found = decide(&found, Setting::Auto);
            (found.white_is_material, found.is_weak)
        };
        assert_eq!(rim(1.0, [0.8, 0.7]), (true, false));
        assert_eq!(rim(0.0, [0.8, 0.7]), (false, false));
        // It agrees with the pieces, or holds the dark together itself.
        assert_eq!(rim(1.0, [0.3, 1.0]), (true, false));
        assert_eq!(rim(1.0, [1.0, 0.3]), (true, true));
        assert_eq!(rim(0.5, [1.0, 0.3]), (false, false));
        assert_eq!(rim(0.5, [0.9, 0.7]), (false, true), "neither is one piece");
    }

    #[test]
    fn a_porosity_is_the_share_of_void() {
        let mut found = evidence(&[0.7, 0.62, 0.8]);
        found.columns = vec![column("Porosity", &[0.7, 0.62, 0.8])];
        assert!(white(&found) && !decide(&found, Setting::Auto).is_weak);
        found.columns = vec![column("b", &[0.7, 0.62, 0.8])];
        assert!(!white(&found));
    }

    /// Each reason is given for one tone and, of opposite evidence, for the other.
    #[test]
    fn each_reason_names_the_tone_that_it_speaks_for() {
        let found = |change: &dyn Fn(&mut Evidence)| {
            let mut found = evidence(&[0.6]);
            change(&mut found);
            let Polarity { white_is_material, reason, .. } = decide(&found, Setting::Auto);
            (white_is_material, reason)
        };
        let said = |white, reason: &str| (white, reason.to_owned());
        let follows = |shares: [f32; 3]| {
            let mut found = evidence(&[0.7, 0.6, 0.8]);
            found.columns = vec![column("vf", &shares)];
            let Polarity { white_is_material, reason, .. } = decide(&found, Setting::Auto);
            (white_is_material, reason)
        };
        let of_dark = "vf follows the share of dark pixels";
        assert_eq!(follows([0.7, 0.6, 0.8]), said(false, of_dark));
        let of_light = "vf follows the share of light pixels";
        assert_eq!(follows([0.3, 0.4, 0.2]), said(true, of_light));
        let pieces = |pair| found(&|it: &mut Evidence| it.pieces = vec![pair]);
        let whole = "hang together, and";
        let dark = format!("dark pixels {whole} light ones are in several pieces");
        assert_eq!(pieces([1.0, 0.5]), (false, dark));
        let light = format!("light pixels {whole} dark ones are in several pieces");
        assert_eq!(pieces([0.5, 1.0]), (true, light));
        let larger = "dark pixels are in larger pieces than light ones";
        assert_eq!(pieces([0.9, 0.7]), said(false, larger));
        let larger = "light pixels are in larger pieces than dark ones";
        assert_eq!(pieces([0.7, 0.9]), said(true, larger));
        let border = |border| found(&|it: &mut Evidence| it.border = border);
        assert_eq!(border(1.0), said(true, "the borders are dark throughout, like a background"));
        assert_eq!(border(0.0), said(false, "the borders are light throughout, like a background"));
        let often = "60 % of the pixels are dark, as a background often is";
        assert_eq!(border(0.6), said(true, often));
        let default = "the default, with 60 % of the pixels dark, and nothing else tells";
        assert_eq!(border(0.5), said(false, default));
        let paper = |dark| found(&|it: &mut Evidence| it.paper_is_dark = Some(dark));
        assert_eq!(paper(true), said(true, "the paper is dark, and void may be too"));
        assert_eq!(paper(false), said(false, "the paper is light, and void may be too"));
        let of = |values| found(&|it: &mut Evidence| it.values = values);
        let high = "the high end of the color map, with 60 % of the pixels low";
        assert_eq!(of(Values::Map), said(true, high));
        assert_eq!(of(Values::Numbers), said(true, "with 60 % of the values low, nothing tells"));
    }

    #[test]
    fn what_is_material_in_pictures_is_said_as_it_was_decided() {
        let said = |white_is_material, is_weak, is_map| {
            let reason = "so".to_owned();
            Polarity { white_is_material, reason, is_weak }.on_pictures(is_map).found
        };
        assert_eq!(said(true, false, false), "white is material: so");
        assert_eq!(said(false, true, false), "warning: black is material: so");
        assert_eq!(said(true, true, true), "warning: the high end is material: so");
        assert_eq!(said(false, false, true), "the low end is material: so");
    }
}
