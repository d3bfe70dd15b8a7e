//! Measurements as a Markdown table.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::workload::{OURS, Samples, WORKLOADS, Workload, number};

/// Medians of one contender at one workload.
struct Medians<'a> {
    contender: &'a str,
    /// Designs per second.
    rate: f64,
    /// Milliseconds per step or call.
    ms: f64,
    /// Peak resident memory in MiB; unknown to us on some systems.
    memory: Option<f64>,
    rounds: usize,
}

/// The table: one row per workload, our medians beside those of PyTorch's fastest mode; then all
/// modes, and the machine.
pub(crate) fn table(samples: &Samples) -> Result<String> {
    let mut text = String::from(
        "| | ours | | PyTorch, fastest mode | | ratio | peak memory, ours | PyTorch |\n|---|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let mut details = String::from("\n| designs/s |");
    let contenders = [OURS, "eager", "eager-last", "compile", "compile-last"];
    for contender in contenders {
        let _ = write!(details, " {contender} |");
    }
    let _ = writeln!(details, "\n|---|{}", "--:|".repeat(contenders.len()));
    // Fewest measurements behind a number of the first table, and of the second.
    let (mut shown, mut all) = (usize::MAX, usize::MAX);
    for workload in WORKLOADS {
        let medians: Vec<Medians<'_>> = contenders
            .into_iter()
            .filter_map(|contender| medians(samples, &workload, contender).transpose())
            .collect::<Result<_>>()?;
        let Some(ours) = medians.iter().find(|medians| medians.contender == OURS) else { continue };
        let fastest = medians
            .iter()
            .filter(|medians| medians.contender != OURS)
            .max_by(|a, b| a.rate.total_cmp(&b.rate));
        let Some(fastest) = fastest else { continue };
        shown = shown.min(ours.rounds).min(fastest.rounds);
        all = medians.iter().map(|medians| medians.rounds).fold(all, usize::min);
        let _ = writeln!(
            text,
            "| {} | {:.1}/s | {:.2} ms | {:.1}/s | {:.2} ms, {} | **{:.2}** | {} | {} |",
            workload.title(),
            ours.rate,
            ours.ms,
            fastest.rate,
            fastest.ms,
            fastest.contender,
            ours.rate / fastest.rate,
            megabytes(ours.memory),
            megabytes(fastest.memory),
        );
        let _ = write!(details, "| {} |", workload.title());
        for contender in contenders {
            let found = medians.iter().find(|medians| medians.contender == contender);
            let _ = write!(
                details,
                " {} |",
                found.map_or("–".to_owned(), |m| format!("{:.1}", m.rate))
            );
        }
        details.push('\n');
    }
    text.push_str(&details);
    let _ = writeln!(
        text,
        "\n{}",
        machine(samples, shown, all).context("there are no measurements of both contenders yet")?
    );
    Ok(text)
}

fn medians<'a>(
    samples: &Samples,
    workload: &Workload,
    contender: &'a str,
) -> Result<Option<Medians<'a>>> {
    let Some(results) = samples.get(&(workload.name.to_owned(), contender.to_owned())) else {
        return Ok(None);
    };
    let (rate, ms) = workload.keys();
    let all =
        |key: &str| results.iter().map(|result| number(result, key)).collect::<Result<Vec<_>>>();
    Ok(Some(Medians {
        contender,
        rate: median(all(rate)?),
        ms: median(all(ms)?),
        memory: all("peak_rss_mb").ok().map(median),
        rounds: results.len(),
    }))
}

/// Of an even number the mean of the middle two.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    0.5 * (values[(n - 1) / 2] + values[n / 2])
}

fn megabytes(memory: Option<f64>) -> String {
    memory.map_or("–".to_owned(), |memory| format!("{memory:.0} MB"))
}

/// Where and when: what the last PyTorch program said about its machine.
fn machine(samples: &Samples, shown: usize, all: usize) -> Option<String> {
    let ours =
        samples.iter().filter(|((_, name), _)| name == OURS).find_map(|(_, all)| all.last())?;
    let theirs = samples.iter().filter(|((_, name), _)| name != OURS);
    let last = theirs.filter_map(|(_, all)| all.last());
    let last = last.max_by_key(|result| result["date"].as_str().map(str::to_owned))?;
    let word = |result: &Value, key: &str| result[key].as_str().unwrap_or("unknown").to_owned();
    Some(format!(
        "{}, {}, {} threads, {}; PyTorch {}, Python {}; {}. Medians of at least {shown} measurements, of the modes that are not the fastest at least {all}.",
        word(last, "date"),
        word(last, "cpu"),
        last["threads"],
        word(ours, "instruction_set"),
        word(last, "torch"),
        word(last, "python"),
        rustc(),
    ))
}

fn rustc() -> String {
    let output = std::process::Command::new("rustc").arg("--version").output();
    output.map_or("rustc".to_owned(), |output| {
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample(rate: f64, ms: f64, memory: f64) -> Value {
        json!({ "images_per_s": rate, "step_ms_median": ms, "peak_rss_mb": memory, "threads": 2,
            "date": "2026-01-02", "cpu": "a CPU", "torch": "2.0", "python": "3.11", "instruction_set": "avx2" })
    }

    #[test]
    fn the_ratio_is_to_the_fastest_mode_at_the_median() {
        let key = |contender: &str| ("train-pool-64".to_owned(), contender.to_owned());
        let ours = [300.0, 100.0, 200.0].map(|rate| sample(rate, 64e3 / rate, 300.0));
        let samples = Samples::from([
            (key(OURS), ours.to_vec()),
            (key("eager"), vec![sample(40.0, 1600.0, 700.0); 1]),
            (key("eager-last"), vec![sample(80.0, 800.0, 800.0); 3]),
        ]);
        let table = table(&samples).unwrap();
        let row = "| train pool, batch 64 | 200.0/s | 320.00 ms | 80.0/s | 800.00 ms, eager-last | **2.50** | 300 MB | 800 MB |";
        assert!(table.contains(row), "{table}");
        assert!(
            table.contains("| train pool, batch 64 | 200.0 | 40.0 | 80.0 | – | – |"),
            "{table}"
        );
        let n =
            "Medians of at least 3 measurements, of the modes that are not the fastest at least 1.";
        assert!(table.contains("a CPU") && table.contains(n), "{table}");
    }

    #[test]
    fn one_contender_alone_is_no_comparison() {
        let key = ("train-pool-64".to_owned(), OURS.to_owned());
        assert!(table(&Samples::from([(key, vec![sample(1.0, 1.0, 1.0)])])).is_err());
    }
}
