//! The colors of every figure: chosen to stay apart for color-blind readers and, as far as they
//! can, in grey print.

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Color(pub(crate) u8, pub(crate) u8, pub(crate) u8);

pub(crate) const WHITE: Color = Color(255, 255, 255);
/// Titles and labels.
pub(crate) const INK: Color = Color(26, 26, 26);
/// Tick labels, captions and axes.
pub(crate) const SOFT_INK: Color = Color(80, 80, 80);
/// The frame around a design: visible beside void and beside material.
pub(crate) const FRAME: Color = Color(150, 150, 150);
/// Grid lines.
pub(crate) const GRID: Color = Color(228, 228, 228);
/// The first of two curves, and bars (blue of Okabe and Ito's palette).
pub(crate) const BLUE: Color = Color(0, 114, 178);
/// The second of two curves (vermilion of the same palette).
pub(crate) const VERMILION: Color = Color(213, 94, 0);

/// The grey of a density: 1 = material is black, 0 = void is white, as engineers draw it. Values
/// outside are cut off.
pub(crate) fn grey(density: f32) -> Color {
    let level = (255.0 * (1.0 - density.clamp(0.0, 1.0))).round() as u8;
    Color(level, level, level)
}

/// The map of a quantity to colors at `position` in [0, 1]: viridis without its last twentieth,
/// which is too pale on white.
///
/// # References
/// S. van der Walt and N. Smith, "A Better Default Colormap for Matplotlib", SciPy 2015 (the map is
/// in the public domain, CC0).
pub(crate) fn viridis(position: f64) -> Color {
    const STOPS: [Color; 9] = [
        Color(0x44, 0x01, 0x54),
        Color(0x47, 0x2d, 0x7b),
        Color(0x3b, 0x52, 0x8b),
        Color(0x2c, 0x72, 0x8e),
        Color(0x21, 0x91, 0x8c),
        Color(0x28, 0xae, 0x80),
        Color(0x5e, 0xc9, 0x62),
        Color(0xad, 0xdc, 0x30),
        Color(0xfd, 0xe7, 0x25),
    ];
    let place = position.clamp(0.0, 1.0) * 0.95 * (STOPS.len() - 1) as f64;
    let below = (place.floor() as usize).min(STOPS.len() - 2);
    mix(STOPS[below], STOPS[below + 1], (place - below as f64) as f32)
}

/// `share` of `over` laid on `under`.
pub(crate) fn mix(under: Color, over: Color, share: f32) -> Color {
    let channel =
        |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share).round() as u8;
    Color(channel(under.0, over.0), channel(under.1, over.1), channel(under.2, over.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(color: Color) -> f64 {
        0.2126 * f64::from(color.0) + 0.7152 * f64::from(color.1) + 0.0722 * f64::from(color.2)
    }

    #[test]
    fn material_is_black_and_void_is_white() {
        assert_eq!(grey(1.0), Color(0, 0, 0));
        assert_eq!(grey(0.0), WHITE);
        assert_eq!(grey(-0.2), WHITE);
        assert_eq!(grey(1.2), Color(0, 0, 0));
        assert_eq!(grey(0.6), Color(102, 102, 102));
    }

    /// Order survives grey print and every kind of color blindness, because lightness alone carries
    /// it.
    #[test]
    fn the_color_map_grows_lighter_all_the_way() {
        for i in 0..100 {
            let (a, b) = (viridis(f64::from(i) / 100.0), viridis(f64::from(i + 1) / 100.0));
            assert!(luminance(a) < luminance(b), "at {i}: {a:?}, {b:?}");
        }
        assert!(luminance(viridis(1.0)) < 215.0, "too pale on white");
    }
}
