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
        _ if !j.loads_supported => {
            "   it does not carry its load once it is cut at this volume".to_owned()
        }
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
        let Refinement {
            iterations, compliance_before, compliance_after, iterations_saved, ..
        } = refinement;
        // A crisp design ends with iterations without a filter; these iterations have one again.
        let grey = if compliance_before < compliance_after {
            ", softer by the grey of the filter"
        } else {
            ""
        };
        found.push(format!(
            "  {iterations} SIMP iterations on       {compliance_before:.4} to {compliance_after:.4}{grey}; {}",
            if *iterations_saved < 0 {
                format!("{} more than from the uniform start", -iterations_saved)
            } else {
                format!("{iterations_saved} saved against the uniform start")
            }
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
        let (verb, number) =
            if iterations_saved < 0 { ("costs", "more") } else { ("saves", "of them") };
        found.push(format!(
            "from the uniform start: compliance {} after {iterations} iterations; the given start {verb} {} {number} on the way to the compliance that both reach",
            significant(compliance, 9),
            iterations_saved.abs()
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use ndarray::Array2;
    use topo_data::Judgement;

    use super::*;

    /// A design that carries its load 10 % softer than the optimum.
    fn example() -> Analyzed {
        let judgement = Judgement {
            compliance: 11.5,
            volume_fraction: 0.4,
            volume_error: 0.0,
            greyness: 0.1,
            checkerboard: 0.0,
            compliance_cut: 11.0,
            pieces_4: 1,
            pieces_8: 1,
            floating: 0.0,
            loads_on_material: true,
            loads_supported: true,
            member_size: Some(2),
            stress: None,
        };
        Analyzed {
            source: "beams".into(),
            design: 3,
            judgement,
            optimum: Some(10.0),
            optimum_flaw: None,
            compliance_error: Some(0.1),
            refinement: None,
        }
    }

    fn said(change: impl Fn(&mut Analyzed)) -> String {
        let mut found = example();
        change(&mut found);
        analyzed(&found).join("\n")
    }

    #[test]
    fn a_design_is_compared_with_the_optimum_only_where_both_hold() {
        let beside = "against the SIMP optimum, 10.0000";
        let fallen = "it does not carry its load once it is cut";
        let text = said(|_| ());
        assert!(text.contains(&format!("+10.00 % {beside}")) && !text.contains(fallen), "{text}");
        let text = said(|it| it.judgement.loads_supported = false);
        assert!(text.contains(fallen) && !text.contains("optimum"), "{text}");
        let text = said(|it| {
            (it.optimum, it.compliance_error) = (None, None);
            it.optimum_flaw = Some("it is in 2 pieces".into());
        });
        let flaw = "not compared with the SIMP optimum: cut at this volume, it is in 2 pieces";
        assert!(text.contains(flaw) && !text.contains(beside), "{text}");
        let text = said(|it| (it.optimum, it.compliance_error) = (None, None));
        assert!(!text.contains("optimum") && !text.contains(fallen), "{text}");
    }

    #[test]
    fn loads_pieces_and_members_are_those_of_the_design() {
        let text = said(|_| ());
        let loads = "loads on material           ";
        assert!(text.contains(&format!("{loads}yes   joined to a support: yes")), "{text}");
        assert!(text.contains("thinnest member             2 elements"), "{text}");
        let text = said(|it| {
            (it.judgement.loads_on_material, it.judgement.member_size) = (false, None);
            (it.judgement.pieces_4, it.judgement.floating) = (3, 0.2);
        });
        assert!(text.contains(&format!("{loads}no   joined to a support: yes")), "{text}");
        assert!(text.contains("3, 1   20.00 % of the material floating"), "{text}");
        assert!(text.contains("thinnest member             no material"), "{text}");
    }

    #[test]
    fn iterations_are_said_to_soften_or_to_cost_only_if_they_do() {
        let after = |compliance_after, iterations_saved| {
            let (iterations, compliance_before) = (10, 11.0);
            said(|it| {
                it.refinement = Some(Refinement {
                    iterations,
                    compliance_before,
                    compliance_after,
                    iterations_saved,
                    uniform_iterations: 20,
                });
            })
        };
        let text = after(10.5, 8);
        assert!(text.contains("11.0000 to 10.5000; 8 saved against the uniform start"), "{text}");
        let text = after(11.5, -4);
        assert!(text.contains("to 11.5000, softer by the grey of the filter; 4 more than from"));
        assert!(!text.contains("saved"), "{text}");
        assert!(!said(|_| ()).contains("SIMP iterations on"));
    }

    #[test]
    fn an_optimization_is_said_to_end_as_it_did() {
        let mut found = Solved {
            problem: "mbb".into(),
            compliance: 200.0,
            compliance_returned: 199.0,
            iterations: 40,
            converged: true,
            ended: Ended::Converged,
            volume_fraction: 0.5,
            greyness: 0.2,
            seconds: 1.0,
            cold: None,
            history: Vec::new(),
            design: Array2::zeros((1, 1)),
        };
        for (ended, word) in [
            (Ended::Converged, "converged"),
            (Ended::Stagnated, "stagnated"),
            (Ended::IterationLimit, "stopped"),
            (Ended::Stopped, "stopped"),
        ] {
            found.ended = ended;
            let text = solved(&found).join("\n");
            assert!(text.contains(&format!("({word} after 40 iterations")), "{text}");
            assert!(!text.contains("uniform start"), "{text}");
        }
        for (iterations_saved, words) in [(7, "saves 7 of them"), (-7, "costs 7 more")] {
            found.cold = Some(ColdStart { compliance: 201.0, iterations: 50, iterations_saved });
            let text = solved(&found).join("\n");
            assert!(text.contains(&format!("the given start {words} on the way")), "{text}");
        }
    }

    #[test]
    fn a_volume_is_off_by_what_is_shown() {
        let text = |volume_error| {
            let outline = Some(Outline { volume_error, pieces: 1, holes: 2 });
            let (width, height, thickness) = (4.0, 2.0, 1.0);
            let found = Exported {
                file: PathBuf::new(),
                rows: 2,
                columns: 4,
                width,
                height,
                thickness,
                area: 4.0,
                volume: 4.0,
                volume_fraction: 0.5,
                outline,
            };
            exported(&found, "one").join("\n")
        };
        assert!(text(-0.002).contains("volume error                -0.2000 %"));
        assert!(text(0.002).contains("+0.2000 %"));
        assert!(text(-1e-9).contains("+0.0000 %"), "{}", text(-1e-9));
    }
}
