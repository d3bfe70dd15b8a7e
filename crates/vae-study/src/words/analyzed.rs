//! A design as mechanics judges it, in lines.

use topo_data::Refinement;
use vae_base::text::{counted, significant};

use crate::analysis::{Analyzed, ColdStart, Ended, Exported, Outline, Solved};

/// What is known of a design, in lines.
pub fn analyzed(analyzed: &Analyzed) -> Vec<String> {
    let mut found = Vec::new();
    let j = &analyzed.judgement;
    let yes = |fine: bool| if fine { "yes" } else { "no" };
    found.push(format!("{}, design {}", analyzed.source, analyzed.design));
    found.push(format!("  compliance as it is         {:.4}", j.compliance));
    let relative = match (analyzed.optimum, analyzed.compliance_error) {
        _ if !j.loads_supported => "   it falls apart when it is cut at this volume".to_owned(),
        (Some(optimum), Some(error)) => {
            format!("   {:+.2} % against the SIMP optimum, {optimum:.4}", 100.0 * error)
        }
        _ => analyzed.optimum_flaw.as_ref().map_or_else(String::new, |flaw| {
            format!("   not compared with the SIMP optimum: cut at this volume, {flaw}")
        }),
    };
    found.push(format!("  compliance at equal volume  {:.4}{relative}", j.compliance_cut));
    found.push(format!(
        "  volume fraction             {:.4}   off by {:.4}",
        j.volume_fraction, j.volume_error
    ));
    found.push(format!("  greyness, checkerboard      {:.4}, {:.4}", j.greyness, j.checkerboard));
    found.push(format!(
        "  pieces by sides, corners    {}, {}   {:.2} % of the material floating",
        j.pieces_4,
        j.pieces_8,
        100.0 * j.floating
    ));
    found.push(format!(
        "  loads on material           {}   joined to a support: {}",
        yes(j.loads_on_material),
        yes(j.loads_supported)
    ));
    let size = j.member_size.map_or("no material".to_owned(), |size| counted(size, "element"));
    found.push(format!("  thinnest member             {size}"));
    if let Some(refinement) = &analyzed.refinement {
        let Refinement { iterations, compliance_before, compliance_after, iterations_saved } =
            refinement;
        // A crisp design ends with iterations without a filter; these iterations have one again.
        let grey = if compliance_before < compliance_after {
            ", softer by the grey of the filter"
        } else {
            ""
        };
        found.push(format!(
            "  {iterations} SIMP iterations on       {compliance_before:.4} to {compliance_after:.4}{grey}; {iterations_saved} saved against the uniform start"
        ));
    }
    found
}

/// What an optimization came to, in lines.
pub fn solved(solved: &Solved) -> Vec<String> {
    let mut found = Vec::new();
    let Solved { compliance, compliance_returned, iterations, seconds, .. } = solved;
    let end = match solved.ended {
        Ended::Converged => "converged",
        Ended::Stagnated => "stagnated",
        Ended::IterationLimit | Ended::Stopped => "stopped",
    };
    found.push(format!(
        "{}: compliance {} ({end} after {iterations} iterations, {seconds:.2} s)",
        solved.problem,
        significant(*compliance, 9)
    ));
    found.push(format!(
        "returned design: compliance {}, volume fraction {:.4}, greyness {:.3}",
        significant(*compliance_returned, 9),
        solved.volume_fraction,
        solved.greyness
    ));
    if let Some(ColdStart { compliance, iterations, iterations_saved }) = solved.cold {
        found.push(format!(
            "from the uniform start: compliance {} after {iterations} iterations; the given start saves {iterations_saved} on the way to the compliance that both reach",
            significant(compliance, 9)
        ));
    }
    found
}

/// What a file for CAD, for a printer or of numbers holds, in lines.
pub fn exported(exported: &Exported, which: &str) -> Vec<String> {
    let mut found = Vec::new();
    // Seven digits, as the files have.
    let short = |x: f64| x as f32;
    found.push(format!("{which}: {} × {} cells", exported.columns, exported.rows));
    found.push(format!(
        "  width × height × thickness  {} × {} × {} mm",
        short(exported.width),
        short(exported.height),
        short(exported.thickness)
    ));
    found.push(format!(
        "  area, volume                {} mm², {} mm³, {:.2} % of the domain",
        short(exported.area),
        short(exported.volume),
        100.0 * exported.volume_fraction
    ));
    if let Some(Outline { volume_error, pieces, holes }) = &exported.outline {
        // No minus before 0: the sign is that of what is shown.
        let percent = (1e6 * volume_error).round() / 1e4 + 0.0;
        found.push(format!("  volume error                {percent:+.4} %"));
        found.push(format!("  pieces, holes               {pieces}, {holes}"));
    }
    found
}
