//! The embedded font: measuring, breaking and drawing lines of text, without any font of the
//! system.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use vae_base::text::is_mark;

use crate::drawing::color::Color;

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    /// Height of the em square in pixels.
    pub(crate) size: f32,
    pub(crate) bold: bool,
    pub(crate) color: Color,
}

/// The distance between two baselines, in em.
const LEADING: f32 = 1.28;

impl Style {
    /// The width of one line of text in pixels.
    pub(crate) fn width(self, text: &str) -> f32 {
        self.lay_out(text).1
    }

    /// The distance between the baselines of two lines.
    pub(crate) fn line_height(self) -> f32 {
        (self.size * LEADING).round()
    }

    /// The height of capitals and digits.
    pub(crate) fn cap_height(self) -> f32 {
        (self.size * 0.727).round()
    }

    /// Breaks text at spaces (not at no-break spaces; and at its own line feeds) into lines no
    /// wider than `width`. A word that is too wide is broken anywhere, and a text that needs more
    /// than `most` lines ends in an ellipsis.
    pub(crate) fn wrap(self, text: &str, width: f32, most: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for paragraph in text.lines() {
            let mut line = String::new();
            for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
                let longer =
                    if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
                if self.width(&longer) <= width {
                    line = longer;
                } else {
                    if !line.is_empty() {
                        lines.push(line);
                    }
                    line = self.broken(word, width, &mut lines);
                }
            }
            lines.push(line);
        }
        if most < lines.len() {
            let last = lines[most - 1..].join(" ");
            lines.truncate(most - 1);
            lines.push(self.cut(&last, width));
        }
        lines
    }

    /// Calls `paint` with each pixel that the text covers, counted from the start of its baseline
    /// (x right, y down), and how much of it.
    pub(crate) fn for_each_pixel(self, text: &str, mut paint: impl FnMut(i32, i32, f32)) {
        let font = self.font();
        for glyph in self.lay_out(text).0 {
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let bounds = outline.px_bounds();
            let (left, top) = (bounds.min.x as i32, bounds.min.y as i32);
            outline
                .draw(|x, y, coverage| paint(left + x as i32, top + y as i32, coverage.min(1.0)));
        }
    }

    /// Puts whole lines of a word that is too wide into `lines`, and returns the rest of it.
    fn broken(self, word: &str, width: f32, lines: &mut Vec<String>) -> String {
        let mut line = String::new();
        let mut taken = 0.0;
        for character in word.chars() {
            let more = self.width(character.encode_utf8(&mut [0; 4]));
            if width < taken + more && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                taken = 0.0;
            }
            line.push(character);
            taken += more;
        }
        line
    }

    /// As much of the text as fits in front of an ellipsis.
    fn cut(self, text: &str, width: f32) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let mut kept: Vec<char> = text.chars().collect();
        while kept.pop().is_some() {
            let short = kept.iter().collect::<String>().trim_end().to_owned() + "…";
            if self.width(&short) <= width {
                return short;
            }
        }
        "…".to_owned()
    }

    /// The glyphs of a line along the baseline y = 0, and the width of it all.
    fn lay_out(self, text: &str) -> (Vec<Glyph>, f32) {
        let font = self.font();
        let scaled = font.as_scaled(self.scale());
        let mut glyphs = Vec::new();
        let mut x = 0.0;
        for character in text.chars() {
            let id = scaled.glyph_id(if is_mark(character) { ' ' } else { character });
            glyphs.push(id.with_scale_and_position(self.scale(), point(x, 0.0)));
            x += scaled.h_advance(id);
        }
        (glyphs, x)
    }

    /// `ab_glyph` measures a font from its descenders to its ascenders; we name the em.
    fn scale(self) -> PxScale {
        let font = self.font();
        let em = font.units_per_em().unwrap_or(font.height_unscaled());
        PxScale::from(self.size * font.height_unscaled() / em)
    }

    fn font(self) -> &'static FontRef<'static> {
        if self.bold { &SEMI_BOLD } else { &REGULAR }
    }
}

static REGULAR: LazyLock<FontRef<'static>> =
    LazyLock::new(|| embedded(include_bytes!("../../font/Inter-Regular.otf")));
static SEMI_BOLD: LazyLock<FontRef<'static>> =
    LazyLock::new(|| embedded(include_bytes!("../../font/Inter-SemiBold.otf")));

fn embedded(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("the embedded fonts are read by the tests of this file")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::color::INK;

    const BODY: Style = Style { size: 20.0, bold: false, color: INK };

    #[test]
    fn both_fonts_have_the_letters_and_signs_of_figures() {
        let signs = "−×±·≤≥≈₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁻→…–—°σβμεφθΣéüłžß";
        for font in [&REGULAR, &SEMI_BOLD] {
            for character in (' '..='~').chain(signs.chars()) {
                assert_ne!(font.glyph_id(character).0, 0, "{character:?} is missing");
            }
        }
    }

    #[test]
    fn a_digit_is_about_six_tenths_of_an_em_wide_and_seven_tenths_high() {
        assert!((BODY.width("0000") / 4.0 / 20.0 - 0.62).abs() < 0.05, "{}", BODY.width("0000"));
        let (mut top, mut bottom) = (0, 0);
        BODY.for_each_pixel("0", |_, y, coverage| {
            if 0.5 < coverage {
                top = top.min(y);
                bottom = bottom.max(y);
            }
        });
        assert!((-15..=-14).contains(&top) && (-1..=0).contains(&bottom), "{top}..{bottom}");
    }

    #[test]
    fn long_texts_are_broken_and_then_cut() {
        let text = "posterior means of the validation designs";
        let lines = BODY.wrap(text, 200.0, 9);
        assert_eq!(lines.join(" "), text);
        assert!(1 < lines.len() && lines.iter().all(|line| BODY.width(line) <= 200.0), "{lines:?}");
        let cut = BODY.wrap(text, 120.0, 2);
        assert!(
            cut.len() == 2
                && cut[1].ends_with('…')
                && cut.iter().all(|line| BODY.width(line) <= 120.0),
            "{cut:?}"
        );
        let name = "volume_fraction_of_the_left_half";
        let broken = BODY.wrap(&format!("{name} 0.4"), 120.0, 9);
        assert_eq!(broken.concat(), format!("{name} 0.4"));
        assert!(2 < broken.len() && broken.iter().all(|line| BODY.width(line) <= 121.0));
        assert_eq!(BODY.wrap("a\nb", 500.0, 3), ["a", "b"]);
        assert_eq!(BODY.wrap("a\u{a0}b c", BODY.width("a b"), 3), ["a\u{a0}b", "c"]);
        assert!(BODY.wrap("", 500.0, 3).is_empty());
    }

    /// A text from a user's file may hold anything.
    #[test]
    fn unknown_and_control_characters_are_drawn_as_something() {
        assert!(0.0 < BODY.width("梁\t\u{7}"));
        BODY.for_each_pixel("梁\t\u{7}\u{10ffff}", |_, _, coverage| assert!(coverage <= 1.0));
    }
}
