//! The color maps that plotting programs offer, as curves in the space of colors.

use std::sync::LazyLock;

/// Colors of a map between which it is interpolated, one map a line. The crates that have such
/// tables lack jet, hot and coolwarm, and are up to 35 levels from what matplotlib writes for turbo.
const TABLES: &str = include_str!("color_maps.txt");
/// Points of each curve: as many as 8 bits tell apart.
const POINTS: usize = 256;

/// A color map.
#[derive(Debug)]
pub(crate) struct ColorMap {
    /// Its name in matplotlib or MATLAB.
    pub(crate) name: &'static str,
    /// Its colors from the lowest value to the highest.
    curve: Vec<[f32; 3]>,
}

/// All maps that are known here.
pub(crate) fn all() -> &'static [ColorMap] {
    static MAPS: LazyLock<Vec<ColorMap>> =
        LazyLock::new(|| TABLES.lines().filter_map(ColorMap::read).collect());
    &MAPS
}

impl ColorMap {
    fn read(line: &'static str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let name = words.next()?;
        let knots: Vec<[f32; 3]> = words.filter_map(color).collect();
        let last = knots.len().checked_sub(2)?;
        let curve = (0..POINTS).map(|point| {
            let place = point as f32 / (POINTS - 1) as f32 * (last + 1) as f32;
            let before = (place as usize).min(last);
            mix(knots[before], knots[before + 1], place - before as f32)
        });
        Some(Self { name, curve: curve.collect() })
    }

    /// The value from 0 to 1 whose color is nearest, and how far that is in levels of 255.
    pub(crate) fn value(&self, color: [f32; 3]) -> (f32, f32) {
        let mut nearest = (0, f32::MAX);
        for (point, known) in self.curve.iter().enumerate() {
            let distance = squared(color, *known);
            if distance < nearest.1 {
                nearest = (point, distance);
            }
        }
        (nearest.0 as f32 / (POINTS - 1) as f32, nearest.1.sqrt())
    }

    /// The color of a value from 0 to 1.
    #[cfg(test)]
    pub(crate) fn color(&self, value: f32) -> [u8; 3] {
        let point = (value * (POINTS - 1) as f32).round() as usize;
        self.curve[point.min(POINTS - 1)].map(|level| level.round() as u8)
    }

    /// The colors of the lowest and of the highest value.
    pub(crate) fn ends(&self) -> [[f32; 3]; 2] {
        [self.curve[0], self.curve[POINTS - 1]]
    }
}

/// A straight way from one color to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ramp {
    pub(crate) from: [f32; 3],
    pub(crate) to: [f32; 3],
}

/// The ends of a map are met by colors that are this near.
const AT_END: f32 = 24.0;

impl Ramp {
    /// The map whose ends it joins, and the ramp from its low end to its high end.
    pub(crate) fn named(self) -> Option<(&'static ColorMap, Self)> {
        let turned = Self { from: self.to, to: self.from };
        let both = |map: &'static ColorMap| [(map, self), (map, turned)];
        let away = |(map, ramp): &(&'static ColorMap, Self)| {
            let [low, high] = map.ends();
            distance(low, ramp.from).max(distance(high, ramp.to))
        };
        let nearest = all().iter().flat_map(both).min_by(|a, b| away(a).total_cmp(&away(b)))?;
        (away(&nearest) <= AT_END).then_some(nearest)
    }

    /// Where along the way the nearest color is, from 0 to 1, and how far that is.
    pub(crate) fn value(&self, color: [f32; 3]) -> (f32, f32) {
        let (mut along, mut length) = (0.0, 0.0);
        for ((from, to), channel) in self.from.iter().zip(self.to).zip(color) {
            along += (to - from) * (channel - from);
            length += (to - from) * (to - from);
        }
        let share = if length == 0.0 { 0.0 } else { (along / length).clamp(0.0, 1.0) };
        (share, distance(color, mix(self.from, self.to, share)))
    }
}

/// Distance of two colors, in levels of 255.
pub(crate) fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    squared(a, b).sqrt()
}

/// Luminance by the weights of ITU-R BT.601.
pub(crate) fn light([r, g, b]: [f32; 3]) -> f32 {
    0.299 * r + 0.587 * g + 0.114 * b
}

fn squared(a: [f32; 3], b: [f32; 3]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

fn mix(a: [f32; 3], b: [f32; 3], share: f32) -> [f32; 3] {
    [0, 1, 2].map(|channel| a[channel] + share * (b[channel] - a[channel]))
}

/// A color of six hexadecimal digits.
fn color(text: &str) -> Option<[f32; 3]> {
    let number = u32::from_str_radix(text, 16).ok()?;
    Some([16, 8, 0].map(|shift| ((number >> shift) & 255) as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maps_are_those_that_are_published() {
        // Colors of matplotlib at 0, 0.5 and 1.
        for (name, colors) in [
            ("viridis", [[68.0, 1.0, 84.0], [33.0, 145.0, 140.0], [253.0, 231.0, 37.0]]),
            ("jet", [[0.0, 0.0, 128.0], [125.0, 255.0, 122.0], [128.0, 0.0, 0.0]]),
            ("turbo", [[48.0, 18.0, 59.0], [164.0, 252.0, 60.0], [122.0, 4.0, 3.0]]),
            ("parula", [[62.0, 38.0, 168.0], [18.0, 190.0, 185.0], [249.0, 251.0, 21.0]]),
            ("coolwarm", [[59.0, 76.0, 192.0], [221.0, 220.0, 220.0], [180.0, 4.0, 38.0]]),
        ] {
            let map = all().iter().find(|map| map.name == name).unwrap();
            for (color, expected) in colors.into_iter().zip([0.0, 0.5, 1.0]) {
                let (value, away) = map.value(color);
                assert!((value - expected).abs() < 0.01 && away < 3.0, "{name}: {value} {away}");
            }
        }
        assert!(all().iter().all(|map| map.curve.len() == POINTS));
        assert_eq!(all().len(), TABLES.lines().count());
    }
}
