//! The names above the columns of a text, and the numbers that count its rows and columns.

use std::borrow::Cow;

use crate::formats::dialect::{Dialect, SEPARATORS};

/// Units that stand below names of columns.
const UNITS: [&str; 24] = [
    "-", "1", "%", "mm", "cm", "m", "in", "inch", "deg", "degree", "degrees", "rad", "n", "kn",
    "mpa", "gpa", "pa", "kg", "g", "s", "j", "nmm", "mm2", "mm3",
];

/// The names in a title, if it has as many as there are columns: separated as the numbers are, or
/// by two blanks or more, or by anything else that separates.
pub(crate) fn names(title: &str, dialect: Dialect, width: usize) -> Vec<String> {
    let owned = |cells: Vec<Cow<'_, str>>| cells.into_iter().map(Cow::into_owned).collect();
    let by = |separator| owned(Dialect { separator, ..dialect }.cells(title));
    let wide = title.split("  ").map(str::trim).filter(|name| !name.is_empty());
    let mut ways: Vec<Vec<String>> = SEPARATORS.into_iter().map(|mark| by(Some(mark))).collect();
    ways.insert(0, dialect.separator.map_or_else(Vec::new, |mark| by(Some(mark))));
    ways.push(wide.map(str::to_owned).collect());
    ways.push(by(None));
    let fits = |names: &Vec<String>| {
        names.len() == width && names.iter().any(|name| name.parse::<f64>().is_err())
    };
    ways.into_iter().find(fits).unwrap_or_default()
}

/// Whether names are units: each in brackets, or called as units are.
pub(crate) fn are_units(names: &[String]) -> bool {
    let is_unit = |name: &String| {
        let plain = name.trim().to_lowercase();
        let enclosed = |open: char, close: char| plain.starts_with(open) && plain.ends_with(close);
        plain.is_empty()
            || enclosed('[', ']')
            || enclosed('(', ')')
            || plain.contains('°')
            || UNITS.contains(&plain.as_str())
    };
    names.iter().all(is_unit) && names.iter().any(|name| !name.trim().is_empty())
}

/// Whether cells count from 0 or from 1.
pub(crate) fn counts<S: AsRef<str>>(cells: &[S]) -> bool {
    let from = |first: usize| {
        cells.iter().enumerate().all(|(i, cell)| cell.as_ref().parse() == Ok(first + i))
    };
    2 < cells.len() && (from(0) || from(1))
}

/// The step of numbers that grow or fall by equal steps; `None` of others.
pub(crate) fn steps(numbers: &[f64]) -> Option<f64> {
    let step = (numbers.last()? - numbers.first()?) / (numbers.len() as f64 - 1.0);
    let is_even =
        |pair: &[f64]| (pair[1] - pair[0] - step).abs() <= 0.01 * step.abs() + f64::EPSILON;
    (2 < numbers.len() && step != 0.0 && step.is_finite() && numbers.windows(2).all(is_even))
        .then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_told_from_names() {
        let of = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        for units in ["[mm],[mm],[-]", "mm,mm,-", "(m),,(1)", "-,°"] {
            assert!(are_units(&of(units)), "{units}");
        }
        for names in ["x,y,density", "x [mm],y [mm],rho", ",,", "m,angle"] {
            assert!(!are_units(&of(names)), "{names}");
        }
    }

    #[test]
    fn places_grow_or_fall_by_equal_steps() {
        assert_eq!(steps(&[0.25, 0.75, 1.25]), Some(0.5));
        assert_eq!(steps(&[2.0, 1.0, 0.0]), Some(-1.0));
        for numbers in [&[0.0, 1.0, 3.0][..], &[0.0, 0.0, 0.0], &[0.0, 1.0], &[], &[f64::NAN; 3]] {
            assert_eq!(steps(numbers), None, "{numbers:?}");
        }
    }
}
