//! What proposals are compared with, and what was found.

use vae_base::text::{Share, counted};
use vae_design::Yield;

use crate::propose::{Comparison, Known, Proposals, Reference};

/// What proposals are compared with, in lines.
pub fn references(comparison: &Comparison, volume: f64) -> Vec<String> {
    let optimum = match comparison.optimum {
        Ok(compliance) => format!("{compliance:.4}"),
        Err(flaw) => format!("no reference, for once it is cut, {flaw}"),
    };
    let known = match &comparison.known {
        Some(Known { position, compliance, .. }) => {
            format!("  design {position}, the stiffest of the data for this task: {compliance:.4}")
        }
        None => "  no design of the data for the nearest tasks holds under this one".to_owned(),
    };
    let mut lines = vec![
        format!("compliances, cut to 0/1 at volume {volume}:"),
        format!(
            "  no design can be below {:.4}, that of a sheet of variable thickness",
            comparison.bound
        ),
        format!("  SIMP optimum: {optimum}"),
        known,
    ];
    if let Some(Reference { name, compliance, .. }) = &comparison.named {
        lines.push(format!("  {name}, which was named: {compliance:.4}"));
    }
    lines
}

/// What was found, in lines: how many candidates each criterion rejected, what the others were
/// compared with, and whether the data have a better design.
pub fn proposed(found: &Proposals) -> Vec<String> {
    let mut lines = counts(&found.counts, found.are_lightest());
    if let Some(unrepaired) = found.unrepaired {
        lines.push(format!(
            "before the repair by SIMP {unrepaired} of {} are stiff enough, after it {}",
            found.counts.tried,
            found.stiff_enough()
        ));
    }
    lines.extend(origins(found.accepted.len(), found.explored(), found.varied()));
    lines.extend(mended(found.accepted.len(), found.mended()));
    lines.extend(lightest(found));
    lines.push(match &found.reference {
        Some(Reference { name, compliance, .. }) if !found.is_bounded_by_reference() => {
            format!("compared with {name}, {compliance:.4}")
        }
        Some(Reference { name, compliance, .. }) if found.comparison.softest() <= found.limit => {
            format!(
                "compared with {name}, {compliance:.4}: what is softer than {:.4} is no structure",
                found.limit
            )
        }
        Some(Reference { name, compliance, .. }) => format!(
            "compared with {name}, {compliance:.4}: a proposal may be {} softer, at most {:.4}",
            Share::from(found.limit / compliance - 1.0),
            found.limit
        ),
        None => "nothing holds that candidates could be compared with".to_owned(),
    });
    let shortfall = found.shortfall_of_known().filter(|_| !found.are_lightest());
    if let (Some(softer), Some(known)) = (shortfall, &found.comparison.known) {
        lines.push(format!(
            "the stiffest proposal is {:.1} % softer than design {} of the data, which is the one to beat",
            100.0 * softer,
            known.position
        ));
    }
    lines.extend(found.iterations_saved.as_deref().map(saved));
    lines
}

/// How many of the proposals come from where other topologies are looked for.
fn origins(proposals: usize, explored: usize, varied: usize) -> Vec<String> {
    let proposals = counted(proposals, "proposal");
    let sentence = |(number, began): (usize, &str)| {
        let were = if number == 1 { "was" } else { "were" };
        format!(
            "{number} of {proposals} {began} and {were} made a structure by SIMP iterations, for the sake of other topologies"
        )
    };
    let began = [
        (explored, "began as a draw for another volume"),
        (varied, "began as another design with one hole more or less"),
    ];
    began.into_iter().filter(|(number, _)| 0 < *number).map(sentence).collect()
}

/// How many of the proposals had a member that ended in the air; `None` without one.
fn mended(proposals: usize, mended: usize) -> Option<String> {
    let proposals = counted(proposals, "proposal");
    (0 < mended).then(|| {
        format!("{mended} of {proposals} had a member that ended in the air, which SIMP iterations took away")
    })
}

/// How light the lightest proposal is; `None` unless that was asked for.
fn lightest(found: &Proposals) -> Option<String> {
    let weights =
        found.accepted.iter().map(|one| found.candidates[one.candidate].judgement.volume_fraction);
    let lightest = weights.reduce(f64::min).filter(|_| found.are_lightest())?;
    let stated = found.problem.volume_fraction;
    Some(format!(
        "the lightest proposal fills {:.1} % of the domain, {:.0} % less than the {:.1} % that were allowed",
        100.0 * lightest,
        100.0 * (1.0 - lightest / stated),
        100.0 * stated
    ))
}

/// What was found, in the sentences that are read first: how many proposals, how the best of them
/// compares with what is known.
pub fn summary_of_proposals(found: &Proposals) -> Vec<String> {
    let described = found.described();
    let mut sentences = vec![format!(
        "{} of {} are proposed, chosen from {} that were accepted of {} tried.",
        counted(described.len(), "design"),
        counted(found.counts.topologies, "topology"),
        found.counts.accepted,
        found.counts.tried
    )];
    sentences.extend(lightest(found).map(|sentence| format!("{sentence}.")));
    let compliances = described.iter().map(|one| one.candidate.compliance);
    let stiffest = compliances.reduce(f64::min);
    let at = if found.are_lightest() {
        format!(" at volume {}", found.problem.volume_fraction)
    } else {
        String::new()
    };
    if let (Some(stiffest), Some(Reference { name, compliance, .. })) = (stiffest, &found.reference)
    {
        sentences
            .push(format!("The stiffest is {}{at}.", beside(stiffest / compliance - 1.0, name)));
    }
    let known = found.comparison.known.as_ref().filter(|_| !found.are_lightest());
    if let (Some(stiffest), Some(known)) = (stiffest, known) {
        let name = format!("design {} of the data", known.position);
        sentences.push(format!(
            "It is {}, the best one known for this task.",
            beside(stiffest / known.compliance - 1.0, &name)
        ));
    }
    sentences
}

/// A difference of compliances, as a share of that of `name`, in words.
fn beside(more: f64, name: &str) -> String {
    match format!("{:.1}", 100.0 * more.abs()).as_str() {
        "0.0" => format!("as stiff as {name}"),
        percent if 0.0 < more => format!("{percent} % softer than {name}"),
        percent => format!("{percent} % stiffer than {name}"),
    }
}

fn counts(counts: &Yield, are_lightest: bool) -> Vec<String> {
    let share = 100.0 * counts.accepted as f64 / counts.tried.max(1) as f64;
    let mut lines = vec![format!(
        "{} of {} candidates are accepted ({share:.0} %), of {}",
        counts.accepted,
        counts.tried,
        counted(counts.topologies, "topology")
    )];
    let heavier = if are_lightest { ", or more than 5 % heavier than need be" } else { "" };
    let [one, more] =
        ["is beyond a bound", "are beyond a bound"].map(|text| text.to_owned() + heavier);
    for (count, one, more) in [
        (counts.not_carried, "does not carry the load", "do not carry the load"),
        (counts.in_pieces, "is in several pieces", "are in several pieces"),
        (
            counts.free_ends,
            "has a member that ends in the air",
            "have a member that ends in the air",
        ),
        (counts.too_soft, "is too soft", "are too soft"),
        (counts.unmet, &one, &more),
        (
            counts.training_copies,
            "is nearly a copy of a training design",
            "are nearly copies of training designs",
        ),
        (
            counts.duplicates,
            "is nearly a copy of a better candidate",
            "are nearly copies of better candidates",
        ),
    ] {
        match count {
            0 => {}
            1 => lines.push(format!("{count:6} {one}")),
            _ => lines.push(format!("{count:6} {more}")),
        }
    }
    lines
}

/// How many iterations the proposals save SIMP, or cost it.
fn saved(saved: &[isize]) -> String {
    let mut saved = saved.to_vec();
    saved.sort_unstable();
    let (least, median, most) = (saved[0], saved[saved.len() / 2], saved[saved.len() - 1]);
    let (what, [from, to]) = match median {
        0 => ("as many iterations as".to_owned(), [least, most]),
        ..0 => {
            (format!("{} more than", counted(median.unsigned_abs(), "iteration")), [-most, -least])
        }
        _ => (format!("{} fewer than", counted(median.unsigned_abs(), "iteration")), [least, most]),
    };
    format!(
        "started from these designs, SIMP needs {what} from the uniform start (median; {from} to \
         {to})"
    )
}

#[cfg(test)]
mod tests {
    use topo_data::Flaw;

    use crate::propose::Judged;

    use super::*;

    /// Sentences that judge say the opposite where it holds.
    #[test]
    fn the_reference_is_said_or_why_there_is_none() {
        let comparison =
            Comparison { bound: 11.0, optimum: Ok(12.5), optimal: None, known: None, named: None };
        let lines = references(&comparison, 0.3).join("\n");
        assert!(lines.contains("SIMP optimum: 12.5000") && lines.contains("no design of the data"));
        let judged = Judged { design: ndarray::Array2::zeros((1, 1)), stress: None };
        let known = Some(Known { position: 7, compliance: 11.0, judged });
        let optimum = Err(Flaw::InPieces(2));
        let broken = Comparison { bound: 11.0, optimum, optimal: None, known, named: None };
        let lines = references(&broken, 0.3).join("\n");
        assert!(lines.contains("no reference, for once it is cut, it is in 2 pieces"), "{lines}");
        assert!(
            lines.contains("design 7, the stiffest of the data for this task: 11.0000"),
            "{lines}"
        );
    }

    #[test]
    fn more_compliance_is_softer() {
        assert_eq!(beside(0.1, "it"), "10.0 % softer than it");
        assert_eq!(beside(-0.021, "it"), "2.1 % stiffer than it");
        assert_eq!(beside(-0.0004, "it"), "as stiff as it");
    }

    #[test]
    fn a_start_that_costs_iterations_is_said_to() {
        let found = saved(&[4, 9, -1]);
        assert!(
            found.contains("needs 4 iterations fewer than") && found.contains("; -1 to 9)"),
            "{found}"
        );
        let found = saved(&[-4, -9, 1]);
        assert!(
            found.contains("needs 4 iterations more than") && found.contains("; -1 to 9)"),
            "{found}"
        );
    }

    #[test]
    fn origins_are_said_where_other_topologies_were_looked_for() {
        assert!(origins(10, 0, 0).is_empty());
        let lines = origins(10, 2, 1);
        assert!(
            lines[0].starts_with("2 of 10 proposals began as a draw for another volume and were")
        );
        assert!(lines[1].starts_with("1 of 10 proposals began as another design with one hole"));
        assert!(lines[1].contains("and was made"), "{lines:?}");
    }

    #[test]
    fn members_that_were_taken_away_are_said_if_there_were_any() {
        assert_eq!(mended(10, 0), None);
        assert!(mended(10, 3).unwrap().starts_with("3 of 10 proposals had a member that ended"));
    }

    #[test]
    fn a_start_that_changes_nothing_is_said_to() {
        let found = saved(&[0, -3, 2]);
        assert!(found.contains("needs as many iterations as from the uniform start"), "{found}");
        assert!(found.contains("(median; -3 to 2)"), "{found}");
        assert!(saved(&[1]).contains("needs 1 iteration fewer than"));
    }

    #[test]
    fn only_criteria_that_rejected_something_are_listed() {
        let all = Yield {
            tried: 11,
            accepted: 4,
            topologies: 1,
            free_ends: 6,
            too_soft: 1,
            ..Yield::default()
        };
        assert_eq!(
            counts(&all, false),
            [
                "4 of 11 candidates are accepted (36 %), of 1 topology",
                "     6 have a member that ends in the air",
                "     1 is too soft",
            ]
        );
    }
}
