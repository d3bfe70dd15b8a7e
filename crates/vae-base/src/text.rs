//! Shares, counts and suggestions as text, and text that is safe to show.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::str::FromStr;

/// A share of a whole, read from `10%` or `0.1` and written as `10 %`.
///
/// # Examples
/// ```
/// use vae_base::text::Share;
///
/// let share: Share = "7%".parse()?;
/// assert_eq!(share.get(), 0.07);
/// assert_eq!(share.to_string(), "7 %");
/// assert!("10".parse::<Share>().is_err()); // a plain 10 is more likely 10 % than 1000 %
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Share {
    /// The share as a number: 0.1 for 10 %.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl From<f64> for Share {
    fn from(share: f64) -> Self {
        Self(share)
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, unit, most) = match text.strip_suffix('%') {
            Some(number) => (number, 100.0, f64::MAX),
            None => (text, 1.0, 1.0),
        };
        match number.trim().parse::<f64>() {
            Ok(value) if (0.0..=most).contains(&value) => Ok(Self(value / unit)),
            _ => Err("write it as 10% or 0.1".to_owned()),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 0.07 · 100 is not a whole number.
        write!(f, "{} %", (1e8 * self.0).round() / 1e6)
    }
}

/// A number of things: `1 design`, `4 designs`.
pub fn counted(n: usize, thing: &str) -> String {
    match thing.strip_suffix('y') {
        _ if n == 1 => format!("{n} {thing}"),
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{n} {stem}ies"),
        _ => format!("{n} {thing}s"),
    }
}

/// A text in lines of at most so many columns, none of which begins or ends inside a word; a line
/// that goes on is set two columns further in. Longer words, such as paths, stay whole.
///
/// # Examples
/// ```
/// use vae_base::text::wrapped;
///
/// assert_eq!(wrapped("  one two three", 10), "  one two\n    three");
/// assert_eq!(wrapped("short", 10), "short");
/// ```
pub fn wrapped(text: &str, columns: usize) -> String {
    let line = |line: &str| {
        let start = line.len() - line.trim_start().len();
        let (indent, hanging) = (&line[..start], " ".repeat(start + 2));
        let options = textwrap::Options::new(columns)
            .initial_indent(indent)
            .subsequent_indent(&hanging)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .break_words(false);
        textwrap::fill(&line[start..], options)
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// A number with so many digits that matter, without zeros behind them; what is large or small is
/// written with an exponent that is a multiple of 3.
///
/// # Examples
/// ```
/// use vae_base::text::significant;
///
/// assert_eq!(significant(203.190_42, 5), "203.19");
/// assert_eq!(significant(98_290_169_999_833_661_440.0, 5), "98.29e18");
/// assert_eq!(significant(0.000_000_123_4, 5), "123.4e-9");
/// assert_eq!(significant(0.4, 5), "0.4");
/// ```
pub fn significant(value: f64, digits: usize) -> String {
    let digits = digits.max(1);
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    // Rounded first, so that 999.99 has the exponent of 1000.
    let rounded = format!("{value:.*e}", digits - 1);
    let exponent: i32 = rounded.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let plain = (-3..i32::try_from(digits.max(6)).unwrap_or(i32::MAX)).contains(&exponent);
    let power = if plain { 0 } else { exponent.div_euclid(3) * 3 };
    let decimals =
        (i32::try_from(digits).unwrap_or(i32::MAX) - 1 - (exponent - power)).max(0) as usize;
    // Two steps, since 10^-320 is none of a double.
    let scaled = value * 10_f64.powi(-power / 2) * 10_f64.powi(-power - -power / 2);
    let text = format!("{scaled:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    };
    if plain { text } else { format!("{text}e{power}") }
}

/// A text that a terminal shows as it is. Control characters, with which a name in a file could move
/// the cursor or clear the screen, and marks that turn the direction of writing, are escaped as in
/// JSON, so that what was JSON still is; line feeds and tabs stay.
///
/// # Examples
/// ```
/// use vae_base::text::printable;
///
/// assert_eq!(printable("a\u{1b}[2Jb\r"), "a\\u001b[2Jb\\u000d");
/// assert_eq!(printable("two\nlines, σ"), "two\nlines, σ");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    let acts = |c: char| is_mark(c) && !matches!(c, '\n' | '\t');
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Whether a character is not seen but acts: a control character, or one that turns the direction
/// of writing.
pub fn is_mark(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The entry of `known` that is nearest to `name`; `None` if none is near enough to be a typing
/// error.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(similarity, _)| 0.8 < *similarity)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_in_both_ways_and_refused_beyond() {
        assert_eq!("0.25".parse::<Share>(), "25%".parse::<Share>());
        assert_eq!("150%".parse::<Share>().map(Share::get), Ok(1.5));
        for wrong in ["", "%", "1.5", "-1%", "nan", "ten"] {
            assert!(wrong.parse::<Share>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn numbers_keep_the_digits_that_matter() {
        for (value, digits, text) in [
            (0.0, 5, "0"),
            (-0.25, 5, "-0.25"),
            (999_999.0, 4, "1e6"),
            (123_456.0, 4, "123456"),
            (0.000_999_99, 3, "0.001"),
            (-1.5e-7, 5, "-150e-9"),
            (1e-310, 3, "100e-312"),
            (f64::MAX, 3, "180e306"),
            (f64::NAN, 3, "NaN"),
        ] {
            assert_eq!(significant(value, digits), text);
        }
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(counted(1, "group"), "1 group");
        assert_eq!(counted(0, "group"), "0 groups");
        assert_eq!(counted(1, "topology"), "1 topology");
        assert_eq!(counted(2, "topology"), "2 topologies");
        assert_eq!(counted(2, "day"), "2 days");
    }

    #[test]
    fn a_typing_error_is_recognized() {
        assert_eq!(nearest("defalt", ["default", "pool"]).as_deref(), Some("default"));
        assert_eq!(nearest("xyz", ["default", "pool"]), None);
    }
}
