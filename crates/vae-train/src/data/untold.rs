//! Numbers beside designs that are no conditions of them: identifiers, run times, flags.

/// What is part of the names of conditions: such a column is told even if its values are all
/// different, or 0 and 1.
const CONDITIONS: [&str; 16] = [
    "vol", "vf", "load", "force", "angle", "theta", "pos", "width", "height", "radius", "thick",
    "length", "support", "fraction", "percent", "stress",
];
/// Words of the names of identifiers ...
const IDENTIFIERS: [&str; 15] = [
    "id", "ids", "index", "idx", "seed", "uid", "uuid", "hash", "number", "nr", "file", "filename",
    "image", "name", "sample",
];
/// ... of run times and what else a computation leaves behind ...
const RUN_TIMES: [&str; 14] = [
    "time",
    "runtime",
    "walltime",
    "cputime",
    "seconds",
    "duration",
    "elapsed",
    "timestamp",
    "date",
    "iterations",
    "iters",
    "niter",
    "evaluations",
    "memory",
];
/// ... and of flags.
const FLAGS: [&str; 12] = [
    "is",
    "has",
    "converged",
    "success",
    "valid",
    "ok",
    "feasible",
    "failed",
    "status",
    "flag",
    "error",
    "passed",
];

/// Why a column is not told of its own accord; `None` if it looks like a condition.
pub(super) fn reason_against(name: &str, values: &[f32]) -> Option<&'static str> {
    let words = words(name);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    if has(&IDENTIFIERS) {
        return Some("an identifier");
    }
    if has(&RUN_TIMES) {
        return Some("a run time or count");
    }
    if has(&FLAGS) {
        return Some("a flag");
    }
    if CONDITIONS.iter().any(|part| words.concat().contains(part)) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.dedup();
    if 3 < values.len() && sorted.len() == values.len() && sorted.iter().all(|x| x.fract() == 0.0) {
        return Some("all different whole numbers, as identifiers are");
    }
    (sorted == [0.0, 1.0]).then_some("0 and 1 only, as flags are")
}

/// The words of a name in lower case: `runTime` and `run_time` have the same.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut last = ' ';
    for c in name.chars() {
        let new_word = !c.is_alphanumeric() || (c.is_uppercase() && last.is_lowercase());
        if new_word {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        last = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_condition_is_told_by_its_name_or_its_values() {
        let counting = [7.0, 3.0, 12.0, 5.0];
        let twice = [0.4, 0.5, 0.4, 0.5];
        let truth = [0.0, 1.0, 1.0, 0.0];
        for (name, values) in [
            ("id", &twice),
            ("sampleId", &twice),
            ("rng_seed", &twice),
            ("Run time [s]", &twice),
            ("cpu-time", &twice),
            ("n_iterations", &twice),
            ("converged", &twice),
            ("isFeasible", &twice),
            ("case", &counting),
            ("b", &truth),
        ] {
            assert!(reason_against(name, values).is_some(), "{name}");
        }
        for (name, values) in [
            ("volume_percent", &counting),
            ("load_angle", &counting),
            ("support_left", &truth),
            ("case", &twice),
            ("width", &twice),
        ] {
            assert_eq!(reason_against(name, values), None, "{name}");
        }
    }

    #[test]
    fn the_reason_is_that_of_the_name_or_of_the_values() {
        let (twice, counting) = ([0.4, 0.5, 0.4, 0.5], [7.0, 3.0, 12.0, 5.0]);
        for (name, values, reason) in [
            ("sampleId", twice, Some("an identifier")),
            ("cpu-time", twice, Some("a run time or count")),
            ("converged", twice, Some("a flag")),
            ("case", counting, Some("all different whole numbers, as identifiers are")),
            ("b", [0.0, 1.0, 1.0, 0.0], Some("0 and 1 only, as flags are")),
            // Two of them are equal, one is no whole number, one is neither 0 nor 1.
            ("case", [7.0, 3.0, 12.0, 7.0], None),
            ("case", [7.0, 3.5, 12.0, 5.0], None),
            ("b", [0.0, 1.0, 1.0, 0.5], None),
        ] {
            assert_eq!(reason_against(name, &values), reason, "{name}");
        }
    }
}
