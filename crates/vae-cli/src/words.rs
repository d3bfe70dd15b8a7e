//! What libraries suggest, in the words of the command line.

use std::time::Duration;

use indicatif::{HumanBytes, HumanDuration};
use vae_base::{Note, Remedy};
use vae_train::learn::Estimate;

/// The hint that offers these remedies; `None` if there are none.
pub(crate) fn hint(remedies: &[Remedy]) -> Option<String> {
    let texts: Vec<String> = remedies.iter().map(remedy).collect();
    (!texts.is_empty()).then(|| texts.join(", or "))
}

/// A remedy, with the flag of its setting.
pub(crate) fn remedy(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Set { setting, value, effect } => {
            let flag = format!("--{}", setting.replace('_', "-"));
            let parts = [flag.as_str(), value, effect];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        }
        Remedy::Advice(text) => text.clone(),
        _ => String::new(),
    }
}

/// What a training will take.
pub(crate) fn estimate(estimate: &Estimate) -> String {
    let Estimate { memory, free, seconds, steps } = estimate;
    let free = free.map_or_else(String::new, |free| format!(" of {}", HumanBytes(free as u64)));
    format!(
        "it will take about {} for {steps} steps, and {}{free} of memory",
        HumanDuration(Duration::from_secs_f64(seconds.max(1.0))),
        HumanBytes(*memory as u64)
    )
}

/// How long work of more than a day will take; `None` for less.
pub(crate) fn long_work(seconds: f64) -> Option<String> {
    let time = Duration::from_secs_f64(seconds.min(1e12));
    (Duration::from_hours(24) < time)
        .then(|| format!("it will take about {}; Ctrl-C ends it", HumanDuration(time)))
}

/// A note, with what changes it.
pub(crate) fn note(note: &Note) -> String {
    match hint(&note.remedies) {
        Some(hint) => format!("{note}; {hint}"),
        None => note.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_work_of_more_than_a_day_is_announced() {
        let day = 86_400.0;
        assert_eq!(long_work(day), None);
        assert_eq!(
            long_work(2.0 * day).as_deref(),
            Some("it will take about 2 days; Ctrl-C ends it")
        );
    }
}
