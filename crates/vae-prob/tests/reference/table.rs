//! The table: reading it, and holding a function against it.

use std::collections::BTreeMap;

use vae_prob::{ParamError, Real};

/// Runs all rows that `evaluate` knows, and fails with a list of those that are worse than
/// promised; returns the number of rows per function.
pub(crate) fn check<F: Real>(
    evaluate: impl Fn(&str, &[F]) -> Result<Option<F>, ParamError>,
) -> BTreeMap<&'static str, usize> {
    let mut tested: BTreeMap<&str, (usize, f64)> = BTreeMap::new();
    let mut failures = Vec::new();
    for row in rows() {
        let arguments: Vec<F> = row.arguments.iter().map(|&argument| F::lit(argument)).collect();
        let Some(computed) =
            evaluate(row.function, &arguments).expect("the table holds valid parameters")
        else {
            continue;
        };
        let error = error_in_epsilons(&row, computed);
        let (count, worst) = tested.entry(row.function).or_default();
        *count += 1;
        *worst = worst.max(error);
        // `NaN` is within no bound.
        let kept = error <= row.epsilons;
        if !kept {
            failures.push(format!(
                "{}({:?}) = {computed}, not {:e}: off by {error:.1} of {} ε",
                row.function, row.arguments, row.value, row.epsilons
            ));
        }
    }
    for (function, (count, worst)) in &tested {
        println!("{function}: {count} rows, at most {worst:.2} ε");
    }
    assert!(
        failures.is_empty(),
        "{} rows are worse than promised:\n{}",
        failures.len(),
        failures.join("\n")
    );
    tested.into_iter().map(|(function, (count, _))| (function, count)).collect()
}

/// A row of the table: what is to be computed from what, how exactly, and the answer.
struct Row {
    function: &'static str,
    arguments: Vec<f64>,
    epsilons: f64,
    scale: f64,
    value: f64,
}

fn rows() -> Vec<Row> {
    include_str!("tables.csv")
        .lines()
        .skip(2)
        .map(|line| {
            let [function, arguments, epsilons, scale, value] =
                line.split(',').collect::<Vec<_>>().try_into().expect("five columns");
            let number = |text: &str| text.parse().expect("a number");
            let arguments = arguments.split(' ').map(number).collect();
            Row {
                function,
                arguments,
                epsilons: number(epsilons),
                scale: number(scale),
                value: number(value),
            }
        })
        .collect()
}

/// The error of a computed value in multiples of ε times the row's scale; less than the smallest
/// normal number counts as nothing, and what overflows must be infinite.
fn error_in_epsilons<F: Real>(row: &Row, computed: F) -> f64 {
    let (epsilon, tiny, huge) =
        (F::epsilon().widen(), F::min_positive_value().widen(), F::max_value().widen());
    if huge < row.value.abs() {
        let overflow = F::infinity().copysign(F::lit(row.value));
        return if computed == overflow { 0.0 } else { f64::INFINITY };
    }
    let error = (computed.widen() - row.value).abs();
    if error <= tiny { 0.0 } else { error / (epsilon * row.scale) }
}
