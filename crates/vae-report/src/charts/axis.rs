//! One axis of a chart: its range, its ticks at round numbers, and the labels of those.

use crate::drawing::numerals::{fixed, scientific};

/// No axis goes beyond this, so that differences and powers stay finite.
const FAR: f64 = 1e300;

/// A range of values with labelled ticks, linear or logarithmic.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    pub(crate) low: f64,
    pub(crate) high: f64,
    logarithmic: bool,
    /// Value and label, in ascending order.
    pub(crate) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// A linear axis from `low` to `high` with about `count` ticks at multiples of 1, 2 or 5 times
    /// a power of ten.
    ///
    /// A range of no width is widened around its value.
    pub(crate) fn linear(low: f64, high: f64, count: usize) -> Self {
        let (low, high) = widen(low, high);
        let step = round_step((high - low) / count.max(1) as f64);
        let values: Vec<f64> = multiples(low, high, step).collect();
        let ticks = values.iter().copied().zip(labels(&values, step)).collect();
        Self { low, high, logarithmic: false, ticks }
    }

    /// Like [`Axis::linear`], with both ends moved outward to a tick.
    pub(crate) fn linear_to_ticks(low: f64, high: f64, count: usize) -> Self {
        let (low, high) = widen(low, high);
        let step = round_step((high - low) / count.max(1) as f64);
        let (low, high) = ((low / step + 1e-5).floor() * step, (high / step - 1e-5).ceil() * step);
        let values: Vec<f64> = multiples(low, high, step).collect();
        let ticks = values.iter().copied().zip(labels(&values, step)).collect();
        Self { low, high, logarithmic: false, ticks }
    }

    /// A logarithmic axis; both ends must be positive. Ticks at powers of ten, or at 1, 2 and 5
    /// times these where there are few.
    pub(crate) fn logarithmic(low: f64, high: f64) -> Self {
        let (low, high) = (low.clamp(1.0 / FAR, FAR), high.clamp(1.0 / FAR, FAR));
        let (low, high) = if low < high { (low, high) } else { (low / 2.0, high * 2.0) };
        let powers = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
        let decades = high.log10() - low.log10();
        let every = (decades / 5.0).ceil().max(1.0) as i32;
        let factors: &[f64] = if decades < 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let mut ticks = Vec::new();
        for power in powers.filter(|power| power % every == 0) {
            for factor in factors {
                let value = factor * 10f64.powi(power);
                if (low..=high).contains(&value) {
                    ticks.push((value, log_label(*factor, power)));
                }
            }
        }
        Self { low, high, logarithmic: true, ticks }
    }

    /// Where a value lies: 0 at the low end, 1 at the high end.
    pub(crate) fn position(&self, value: f64) -> f64 {
        if self.logarithmic {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }
}

/// 1, 2 or 5 times a power of ten, close to `wanted`.
fn round_step(wanted: f64) -> f64 {
    let power = 10f64.powf(wanted.log10().floor());
    let factor = wanted / power;
    // The borders lie midway between neighbors on a logarithmic scale.
    power
        * [(1.0, 1.414), (2.0, 3.162), (5.0, 7.071)]
            .into_iter()
            .find(|round| factor <= round.1)
            .map_or(10.0, |round| round.0)
}

/// The multiples of `step` in the range. A bound that misses one by a rounding error of f32 data
/// still includes it.
fn multiples(low: f64, high: f64, step: f64) -> impl Iterator<Item = f64> {
    let (first, last) = ((low / step - 1e-5).ceil() as i64, (high / step + 1e-5).floor() as i64);
    (first..=last).map(move |index| index as f64 * step)
}

fn widen(low: f64, high: f64) -> (f64, f64) {
    let (low, high) = (low.clamp(-FAR, FAR), high.clamp(-FAR, FAR));
    let least = 1e-12_f64.max(low.abs().max(high.abs()) * 1e-9);
    if least < high - low {
        return (low, high);
    }
    let half = if low == 0.0 { 0.5 } else { low.abs() * 0.1 };
    (low - half, high + half)
}

/// The labels of ticks with a common number of decimals, or all in scientific form where plain
/// digits would be long.
fn labels(values: &[f64], step: f64) -> Vec<String> {
    let decimals = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let digits = (largest.log10().floor() - (step.log10() + 1e-9).floor()).max(0.0) as usize;
    let label = |&value: &f64| {
        if value.abs() < step / 2.0 {
            "0".to_owned()
        } else if decimals <= 4 && largest < 1e6 {
            fixed(value, decimals)
        } else {
            scientific(value, digits)
        }
    };
    values.iter().map(label).collect()
}

fn log_label(factor: f64, power: i32) -> String {
    let value = factor * 10f64.powi(power);
    if (-3..=4).contains(&power) {
        fixed(value, (-power).max(0) as usize)
    } else {
        scientific(value, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(axis: &Axis, labels: &[&str]) {
        assert_eq!(axis.ticks.iter().map(|(_, label)| label.as_str()).collect::<Vec<_>>(), labels);
    }

    #[test]
    fn ticks_stand_at_round_numbers() {
        check(&Axis::linear(0.0, 1.0, 5), &["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        check(&Axis::linear(-0.03, 0.11, 3), &["0", "0.05", "0.10"]);
        check(&Axis::linear(-1900.0, -200.0, 4), &["−1500", "−1000", "−500"]);
        check(&Axis::linear(0.0, 45_000.0, 5), &["0", "10,000", "20,000", "30,000", "40,000"]);
        check(&Axis::linear(0.0, 3e-5, 3), &["0", "10⁻⁵", "2×10⁻⁵", "3×10⁻⁵"]);
        check(&Axis::linear(0.0, 1e-3, 3), &["0", "0.0005", "0.0010"]);
        check(
            &Axis::linear(0.0, 2.5e-5, 5),
            &["0", "5×10⁻⁶", "10⁻⁵", "1.5×10⁻⁵", "2×10⁻⁵", "2.5×10⁻⁵"],
        );
        check(&Axis::linear(0.0, 4e6, 4), &["0", "10⁶", "2×10⁶", "3×10⁶", "4×10⁶"]);
    }

    #[test]
    fn ends_can_move_out_to_ticks() {
        let axis = Axis::linear_to_ticks(3.0, 48.0, 5);
        assert_eq!((axis.low, axis.high), (0.0, 50.0));
        check(&axis, &["0", "10", "20", "30", "40", "50"]);
    }

    #[test]
    fn a_constant_gets_a_range_around_it() {
        for value in [0.0, 1.0, -300.0, 1e-9] {
            let axis = Axis::linear(value, value, 4);
            assert!(
                (axis.position(value) - 0.5).abs() < 1e-6 && !axis.ticks.is_empty(),
                "{value}: {axis:?}"
            );
        }
    }

    #[test]
    fn logarithmic_ticks_are_powers_of_ten() {
        check(&Axis::logarithmic(0.02, 300.0), &["0.1", "1", "10", "100"]);
        check(&Axis::logarithmic(3.0, 60.0), &["5", "10", "20", "50"]);
        check(&Axis::logarithmic(1e-9, 1e-5), &["10⁻⁹", "10⁻⁸", "10⁻⁷", "10⁻⁶", "10⁻⁵"]);
        let axis = Axis::logarithmic(1.0, 100.0);
        assert!((axis.position(10.0) - 0.5).abs() < 1e-12);
    }
}
