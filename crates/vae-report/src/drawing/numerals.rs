//! Numbers as they are printed in figures.

use vae_base::text;

/// A number for a caption, with at most `digits` significant digits.
///
/// Digits before the decimal point are always kept. There are no trailing zeros, and the minus sign
/// is a real one.
///
/// # Examples
/// ```
/// assert_eq!([0.3, 1.0 / 3.0, 12_345.0, -2.0].map(|x| vae_report::number(x, 3)), ["0.3", "0.333", "12,345", "−2"]);
/// ```
pub fn number(value: f64, digits: i32) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    if !(-4..6).contains(&magnitude) {
        return scientific(value, (digits - 1).max(0) as usize);
    }
    let text = fixed(value, (digits - 1 - magnitude).max(0) as usize);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A letter with a lowered number, such as z₁₂.
pub(crate) fn subscripted(letter: &str, index: usize) -> String {
    let lowered = index
        .to_string()
        .bytes()
        .filter_map(|digit| "₀₁₂₃₄₅₆₇₈₉".chars().nth(usize::from(digit - b'0')))
        .collect::<String>();
    letter.to_owned() + &lowered
}

/// A number of things, as [`text::counted`] writes it, with separated thousands.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    text::counted(count, thing).replacen(&count.to_string(), &fixed(count as f64, 0), 1)
}

/// A number with a given number of decimals, thousands separated from 10,000 on, and a real minus
/// sign.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let (whole, fraction) =
        digits.split_once('.').map_or((digits.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut text = String::new();
    if value < 0.0 && digits.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        text.push('−');
    }
    for (index, digit) in whole.chars().enumerate() {
        if 4 < whole.len() && 0 < index && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// At most `digits` decimals times a power of ten with a raised exponent; a factor of 1 is left
/// out.
pub(crate) fn scientific(value: f64, digits: usize) -> String {
    let written = format!("{:.digits$e}", value.abs());
    let (factor, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let factor = if factor.contains('.') {
        factor.trim_end_matches('0').trim_end_matches('.')
    } else {
        factor
    };
    let raised: String = exponent.chars().filter_map(raise).collect();
    let sign = if value < 0.0 { "−" } else { "" };
    if factor == "1" { format!("{sign}10{raised}") } else { format!("{sign}{factor}×10{raised}") }
}

fn raise(character: char) -> Option<char> {
    match character {
        '-' => Some('⁻'),
        digit => "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit.to_digit(10)? as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_print() {
        assert_eq!(number(-153.26, 4), "−153.3");
        assert_eq!(number(0.0012345, 3), "0.00123");
        assert_eq!(number(12_345.6, 3), "12,346");
        assert_eq!(number(-0.0, 3), "0");
        assert_eq!(number(2.5e-8, 3), "2.5×10⁻⁸");
        assert_eq!(number(0.4, 3), "0.4");
        assert_eq!(number(1200.0, 3), "1200");
        assert_eq!(fixed(-0.016, 2), "−0.02");
        assert_eq!(subscripted("z", 12), "z₁₂");
        assert_eq!(counted(1, "step"), "1 step");
        assert_eq!(counted(3_200, "step"), "3200 steps");
        assert_eq!(counted(32_000, "step"), "32,000 steps");
        assert_eq!(fixed(-0.001, 2), "0.00");
    }
}
