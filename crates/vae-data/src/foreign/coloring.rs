//! What the colors of pictures stand for: grey, a straight way between two colors, or the values of
//! a color map.

use std::collections::{BTreeMap, HashMap};

use crate::foreign::color_map::{ColorMap, Ramp, all, distance, light};
use crate::formats::picture::pixels::{Picture, Pixels};

/// What colors stand for.
#[derive(Clone, Debug)]
pub(crate) enum Coloring {
    /// Shades of grey, or numbers: the value itself.
    Grey,
    /// The way from a dark color to a light one, or from the low end of a map to its high end.
    Ramp(Ramp, Option<&'static str>),
    /// The values of a map, and the way between the colors that most pixels have, on which edges
    /// lie that are smoothed.
    Map(&'static ColorMap, Ramp),
}

/// The colors of pictures, counted in cubes of 8 levels.
#[derive(Clone, Debug, Default)]
pub(crate) struct Colors {
    /// Number of pixels, and their colors added up, by cube.
    cubes: BTreeMap<[u8; 3], (u64, [f64; 3])>,
    lossy: bool,
}

/// Share of the pixels that may be anything.
const STRAY: f64 = 0.005;
/// The same if the compression changes colors.
const STRAY_LOSSY: f64 = 0.03;
/// A pixel is this far from a color that it stands for, in levels; more if it was compressed.
const NEAR: f32 = 16.0;
const NEAR_LOSSY: f32 = 48.0;
/// The same of a few colors only.
const NEAR_OF_FEW: f32 = 5.0;
/// Number of cubes that hold a few colors.
const FEW: usize = 12;
/// The colors of most pixels lie this near to the curve of their map.
const NEAR_END: f32 = 24.0;
/// Share of the pixels that lie on the curve of a map at least ...
const MOSTLY: f64 = 0.6;
/// ... and of those that may be anything where edges are smoothed.
const SMOOTHED: f64 = 0.06;
/// The same if colors were compressed, which blurs them over several pixels.
const SMOOTHED_LOSSY: f64 = 0.12;
/// Two colors that are to mean different things differ by this much at least.
const APART: f32 = 60.0;
/// Fewer pixels in color than this share are not worth a word.
const HARDLY: f64 = 0.0003;
/// Grey pixels differ by this much between red, green and blue at most.
const GREYISH: f32 = 20.0;
const GREYISH_LOSSY: f32 = 48.0;

impl Colors {
    /// Counts the pixels of a picture; numbers have no color.
    pub(crate) fn add(&mut self, picture: &Picture) {
        if matches!(picture.pixels, Pixels::Words(_) | Pixels::Floats(_)) {
            return;
        }
        self.lossy |= picture.lossy;
        let mut cubes: HashMap<[u8; 3], u64> = HashMap::new();
        for run in picture.colors().chunk_by(|a, b| a == b) {
            *cubes.entry(run[0]).or_default() += run.len() as u64;
        }
        for (color, n) in cubes {
            let (count, sum) = self.cubes.entry(color.map(|level| level >> 3)).or_default();
            *count += n;
            for (sum, level) in sum.iter_mut().zip(color) {
                *sum += n as f64 * f64::from(level);
            }
        }
    }

    /// Mean color and number of pixels of each cube.
    fn all(&self) -> impl Iterator<Item = ([f32; 3], u64)> {
        self.cubes.values().map(|(n, sum)| (sum.map(|sum| (sum / *n as f64) as f32), *n))
    }

    /// Share of the pixels of which something is true.
    fn share(&self, holds: impl Fn([f32; 3]) -> bool) -> f64 {
        let (mut some, mut total) = (0, 0);
        for (color, n) in self.all() {
            some += if holds(color) { n } else { 0 };
            total += n;
        }
        if total == 0 { 1.0 } else { some as f64 / total as f64 }
    }

    /// What they stand for; `None` if they follow nothing that is known.
    pub(crate) fn coloring(&self) -> Option<Coloring> {
        let (stray, smoothed, near, greyish) = if self.lossy {
            (STRAY_LOSSY, SMOOTHED_LOSSY, NEAR_LOSSY, GREYISH_LOSSY)
        } else {
            (STRAY, SMOOTHED, NEAR, GREYISH)
        };
        if 1.0 - stray <= self.share(|color| spread(color) <= greyish) {
            return Some(Coloring::Grey);
        }
        let ramp = self.ramp()?;
        if 1.0 - stray <= self.share(|color| ramp.value(color).1 <= near) {
            return Some(match ramp.named() {
                Some((map, ramp)) => Coloring::Ramp(ramp, Some(map.name)),
                None => Coloring::Ramp(ramp, None),
            });
        }
        // A few colors may be near a map by accident, as those of classes are; a map writes its own.
        let few = !self.lossy && self.are_few();
        let (near, smoothed) = if few { (NEAR_OF_FEW, stray) } else { (near, smoothed) };
        // Between black and white every map has its own tints; lines drawn over grey pictures have
        // others.
        let is_grey = [ramp.from, ramp.to].into_iter().all(|color| spread(color) <= greyish);
        let tints = |map: &&'static ColorMap| {
            let tinted = self.share(|color| greyish < spread(color));
            let own = self.share(|color| greyish < spread(color) && map.value(color).1 <= near);
            MOSTLY * tinted <= own
        };
        // Smoothed edges leave the curve of a map, but not the way between the colors of most
        // pixels, which lie on the curve even where a compression has changed the others.
        let follows = |map: &&'static ColorMap| {
            let fits = |color| map.value(color).1 <= near || ramp.value(color).1 <= near;
            let on_curve = self.share(|color| map.value(color).1 <= near);
            [ramp.from, ramp.to].into_iter().all(|color| map.value(color).1 <= NEAR_END)
                && MOSTLY <= on_curve
                && (!is_grey || tints(map))
                && 1.0 - smoothed <= self.share(fits)
        };
        let misfit = |map: &&'static ColorMap| {
            self.all().map(|(color, n)| map.value(color).1.min(APART) * n as f32).sum::<f32>()
        };
        // Most designs reach from void to solid, so their colors are those of the ends.
        let map = match ramp.named() {
            Some((map, _)) if follows(&map) => map,
            _ => all().iter().filter(follows).min_by(|a, b| misfit(a).total_cmp(&misfit(b)))?,
        };
        Some(Coloring::Map(map, ramp))
    }

    /// The share of pixels in color on pictures that are grey otherwise, in words; `None` if there
    /// are hardly any, or if the compression may have made them.
    pub(crate) fn strays(&self) -> Option<String> {
        let share = 1.0 - self.share(|color| spread(color) <= GREYISH);
        (!self.lossy && HARDLY < share)
            .then(|| format!("{:.2} % of the pixels are in color", 100.0 * share))
    }

    /// Whether there are a few colors only, but for single pixels.
    fn are_few(&self) -> bool {
        let mut counts: Vec<u64> = self.cubes.values().map(|(n, _)| *n).collect();
        counts.sort_unstable_by_key(|n| std::cmp::Reverse(*n));
        let (all, most): (u64, u64) = (counts.iter().sum(), counts.iter().take(FEW).sum());
        all - most <= all / 1000
    }

    /// The way between two colors of many pixels that are far apart, the darker one first.
    fn ramp(&self) -> Option<Ramp> {
        let most = self.around(self.all().max_by_key(|(_, n)| *n)?.0);
        let weight = |(color, n): &([f32; 3], u64)| *n as f32 * distance(most, *color).powi(2);
        let other = self.all().max_by(|a, b| weight(a).total_cmp(&weight(b)))?.0;
        let other = self.around(other);
        if distance(most, other) < APART {
            return None;
        }
        let dark_first = light(most) <= light(other);
        let [from, to] = if dark_first { [most, other] } else { [other, most] };
        Some(Ramp { from, to })
    }

    /// The mean of the colors close to one.
    fn around(&self, center: [f32; 3]) -> [f32; 3] {
        let (mut sum, mut total) = ([0.0; 3], 0.0);
        for (color, n) in self.all().filter(|(color, _)| distance(*color, center) <= NEAR) {
            sum.iter_mut().zip(color).for_each(|(sum, level)| *sum += n as f32 * level);
            total += n as f32;
        }
        if total == 0.0 { center } else { sum.map(|sum| sum / total) }
    }

    /// The most frequent colors in words, such as `#440154 (61 %)`.
    pub(crate) fn in_words(&self) -> String {
        let mut all: Vec<([f32; 3], u64)> = self.all().collect();
        let total: u64 = all.iter().map(|(_, n)| n).sum();
        all.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let words = all.iter().take(4).map(|(color, n)| {
            format!("{} ({:.0} %)", hex(*color), 100.0 * *n as f64 / total as f64)
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

impl Coloring {
    /// The level of each pixel: as stored if it is grey; else 255 times the value of its color.
    /// `None` if too many pixels have colors that stand for nothing.
    pub(crate) fn levels(&self, picture: &Picture) -> Option<Vec<f32>> {
        let colors = match (&picture.pixels, self) {
            (Pixels::Bytes(levels), Self::Grey) => {
                return Some(levels.iter().map(|level| f32::from(*level)).collect());
            }
            (Pixels::Words(levels), _) => {
                return Some(levels.iter().map(|level| f32::from(*level)).collect());
            }
            (Pixels::Floats(values), _) => return Some(values.clone()),
            (Pixels::Bytes(_) | Pixels::Colors(_), _) => picture.colors(),
        };
        let (near, stray, smoothed) = if picture.lossy {
            (NEAR_LOSSY, STRAY_LOSSY, SMOOTHED_LOSSY)
        } else {
            (NEAR, STRAY, SMOOTHED)
        };
        let stray = if matches!(self, Self::Map(..)) { smoothed } else { stray };
        let mut known: HashMap<[u8; 3], (f32, bool)> = HashMap::new();
        let (mut strays, mut levels) = (0, Vec::with_capacity(colors.len()));
        for run in colors.chunk_by(|a, b| a == b) {
            let (level, is_stray) =
                *known.entry(run[0]).or_insert_with(|| self.level(run[0], near, picture.lossy));
            strays += if is_stray { run.len() } else { 0 };
            levels.resize(levels.len() + run.len(), level);
        }
        // A single picture may be more unusual than all of them together.
        (strays as f64 <= 2.0 * stray * colors.len() as f64).then_some(levels)
    }

    /// The level of a color, and whether it stands for nothing.
    fn level(&self, color: [u8; 3], near: f32, lossy: bool) -> (f32, bool) {
        let color = color.map(f32::from);
        let (value, away) = match self {
            Self::Grey => {
                let greyish = if lossy { GREYISH_LOSSY } else { GREYISH };
                return (light(color).round(), greyish < spread(color));
            }
            Self::Ramp(ramp, _) => ramp.value(color),
            Self::Map(map, ramp) => {
                let (on_curve, on_way) = (map.value(color), ramp.value(color));
                if on_curve.1 <= near || on_curve.1 <= on_way.1 {
                    on_curve
                } else {
                    // A smoothed edge between two values of the map.
                    let (from, to) = (map.value(ramp.from).0, map.value(ramp.to).0);
                    (from + on_way.0 * (to - from), on_way.1)
                }
            }
        };
        (255.0 * value, near < away)
    }

    /// What was recognized; `None` for grey.
    pub(crate) fn in_words(&self) -> Option<String> {
        match self {
            Self::Grey => None,
            Self::Ramp(_, Some(name)) => Some(format!("the two ends of the color map {name}")),
            Self::Ramp(ramp, None) => {
                Some(format!("the two colors {} and {}", hex(ramp.from), hex(ramp.to)))
            }
            Self::Map(map, _) => Some(format!("the color map {}", map.name)),
        }
    }

    /// Whether higher levels stand for higher values of a map.
    pub(crate) fn is_map(&self) -> bool {
        matches!(self, Self::Map(..) | Self::Ramp(_, Some(_)))
    }
}

fn hex(color: [f32; 3]) -> String {
    let [r, g, b] = color.map(|level| level.round() as u8);
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Difference between the largest and the smallest channel: 0 for grey.
fn spread([r, g, b]: [f32; 3]) -> f32 {
    r.max(g).max(b) - r.min(g).min(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the colors of pixels stand for, in words; each color with its number of pixels.
    fn seen(colors: &[([u8; 3], usize)]) -> Option<String> {
        let pixels: Vec<[u8; 3]> =
            colors.iter().flat_map(|(color, n)| std::iter::repeat_n(*color, *n)).collect();
        let size = (1, pixels.len());
        let picture = Picture { size, pixels: Pixels::Colors(pixels), lossy: false, turned: false };
        let mut colors = Colors::default();
        colors.add(&picture);
        colors.coloring().map(|coloring| coloring.in_words().unwrap_or_default())
    }

    #[test]
    fn colors_of_classes_are_no_color_map() {
        let (void, solid, ignored) = ([0, 0, 0], [128, 0, 0], [224, 224, 192]);
        assert_eq!(seen(&[(void, 600), (solid, 370), (ignored, 30)]), None);
        // A red line over grey.
        let grey = [([0, 0, 0], 400), ([120, 120, 120], 20), ([255, 255, 255], 560)];
        assert_eq!(seen(&[&grey[..], &[([255, 0, 0], 20)]].concat()), None);
        let red = |n: usize| {
            let mut colors = Colors::default();
            let pixels = [vec![[255; 3]; 1000], vec![[255, 0, 0]; n]].concat();
            let size = (1, pixels.len());
            let pixels = Pixels::Colors(pixels);
            colors.add(&Picture { size, pixels, lossy: false, turned: false });
            colors.strays()
        };
        assert_eq!(red(3).as_deref(), Some("0.30 % of the pixels are in color"));
        assert_eq!(red(0), None);
        // Two classes are void and solid.
        let two = seen(&[(void, 600), (solid, 400)]).unwrap();
        assert_eq!(two, "the two colors #000000 and #800000");
        // A few levels of a map are its own colors.
        let levels: Vec<([u8; 3], usize)> = all()
            .iter()
            .find(|map| map.name == "parula")
            .map(|map| [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| (map.color(share), 200)).to_vec())
            .unwrap();
        assert_eq!(seen(&levels).unwrap(), "the color map parula");
    }
}
