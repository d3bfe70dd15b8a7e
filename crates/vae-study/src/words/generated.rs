//! What a generation made, in sentences.

use topo_data::GenerateReport;
use vae_base::text::counted;

/// What was kept and dropped, and the sentence to end with; `place` is where the set was written.
pub fn generated(report: &GenerateReport, place: &str) -> (Vec<String>, String) {
    let mut begin = vec![format!(
        "{} in {} from {} of {}: {} too weak, {} not as stiff once cut, {} broken by the cut, {}, {} failed",
        counted(report.kept, "design"),
        counted(report.groups, "group"),
        counted(report.candidates, "candidate"),
        counted(report.problems, "problem"),
        report.weak,
        report.cut_away,
        report.broken,
        counted(report.duplicates, "duplicate"),
        report.failures.len()
    )];
    if !report.rejected.is_empty() {
        let reasons: Vec<String> =
            report.rejected.iter().map(|(reason, n)| format!("{n} with {reason}")).collect();
        begin.push(format!("drawn and rejected before solving: {}", reasons.join(", ")));
    }
    let end = format!(
        "mean greyness {:.3}; {:.1} s, {:.1} candidates/s; written to {place}",
        report.mean_greyness,
        report.seconds,
        report.candidates as f64 / report.seconds.max(1e-9),
    );
    (begin, end)
}
