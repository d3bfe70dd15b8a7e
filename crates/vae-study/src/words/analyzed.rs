//! What mechanics says of one design, in lines.

use topo_data::Refinement;
use vae_base::text::counted;

use crate::analysis::Analyzed;

/// Compliance, volume, pieces and loads of a design, and what SIMP iterations make of it.
pub fn analyzed(analyzed: &Analyzed) -> Vec<String> {
    let mut lines = Vec::new();
    let j = &analyzed.judgement;
    let yes = |fine: bool| if fine { "yes" } else { "no" };
    lines.push(format!("{}, design {}", analyzed.source, analyzed.design));
    lines.push(format!("  compliance as it is         {:.4}", j.compliance));
    let relative = match (analyzed.optimum, analyzed.compliance_error) {
        _ if !j.loads_supported => "   it falls apart when it is cut at this volume".to_owned(),
        (Some(optimum), Some(error)) => {
            format!("   {:+.2} % against the SIMP optimum, {optimum:.4}", 100.0 * error)
        }
        _ => analyzed.optimum_flaw.as_ref().map_or_else(String::new, |flaw| {
            format!("   not compared with the SIMP optimum: cut at this volume, {flaw}")
        }),
    };
    lines.push(format!("  compliance at equal volume  {:.4}{relative}", j.compliance_cut));
    lines.push(format!(
        "  volume fraction             {:.4}   off by {:.4}",
        j.volume_fraction, j.volume_error
    ));
    lines.push(format!("  greyness, checkerboard      {:.4}, {:.4}", j.greyness, j.checkerboard));
    lines.push(format!(
        "  pieces by sides, corners    {}, {}   {:.2} % of the material floating",
        j.pieces_4,
        j.pieces_8,
        100.0 * j.floating
    ));
    lines.push(format!(
        "  loads on material           {}   joined to a support: {}",
        yes(j.loads_on_material),
        yes(j.loads_supported)
    ));
    let size = j.member_size.map_or("no material".to_owned(), |size| counted(size, "element"));
    lines.push(format!("  thinnest member             {size}"));
    if let Some(refinement) = &analyzed.refinement {
        let Refinement { iterations, compliance_before, compliance_after, iterations_saved } =
            refinement;
        // A crisp design ends with iterations without a filter; these iterations have one again.
        let grey = if compliance_before < compliance_after {
            ", softer by the grey of the filter"
        } else {
            ""
        };
        lines.push(format!(
            "  {iterations} SIMP iterations on       {compliance_before:.4} to {compliance_after:.4}{grey}; {iterations_saved} saved against the uniform start"
        ));
    }
    lines
}
