//! The tables of an evaluation by mechanics.

use vae_report::{Block, Table};

use crate::evaluation::{Mechanics, NewDesigns, Scored};

/// How stiff reconstructions and new designs are, beside simple controls.
pub(super) fn mechanics(mechanics: &Mechanics) -> Vec<Block> {
    let left_out = mechanics.generated.first().map_or(0, |scored| scored.scores.invalid_references);
    let mut blocks = vec![
        Block::Heading(format!("Mechanics of {} test problems", mechanics.n - left_out)),
        Block::Text(
            "each design is cut to 0/1 at the volume of its problem; CE (compliance error) = its compliance / the compliance of the test design - 1"
                .into(),
        ),
    ];
    if 0 < left_out {
        blocks.push(Block::Text(format!(
            "left out: {left_out} test designs which fall into pieces when they are cut, or whose compliance grows by more than a factor of 1.2"
        )));
    }
    let columns = ["", "fails", "CE median", "CE mean", "volume off", "in pieces", "load on void"];
    for (title, rows) in
        [("reconstructions", &mechanics.reconstructions), ("new designs", &mechanics.generated)]
    {
        let mut table = Table::new("", &columns);
        title.clone_into(&mut table.columns[0]);
        for Scored { name, scores } in rows {
            table.push(
                name,
                [
                    format!("{:.1} %", 100.0 * scores.failure_rate),
                    percent(scores.ce_median),
                    percent(scores.ce_mean),
                    format!("{:.4}", scores.volume_error),
                    format!("{:.1} %", 100.0 * scores.floating_8),
                    format!("{:.1} %", 100.0 * scores.load_on_void),
                ],
            );
        }
        blocks.push(Block::Table(table));
    }
    blocks.extend(new_designs(&mechanics.new_designs));
    let mut table = Table::new(
        "",
        &["distribution", "MMD", "Vendi", "DPP", "coverage", "train distance", "copies"],
    );
    for Scored { name, scores } in mechanics.reconstructions.iter().chain(&mechanics.generated) {
        let d = &scores.distribution;
        table.push(
            name,
            [
                format!("{:.4}", d.mmd),
                format!("{:.1}", d.vendi),
                format!("{:.3}", d.dpp),
                format!("{:.1} %", 100.0 * d.coverage),
                d.train_distance_ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
                format!("{:.1} %", 100.0 * d.copy_rate),
            ],
        );
    }
    blocks.push(Block::Table(table));
    if let Some(sensitivity) = mechanics.condition_sensitivity {
        blocks.push(Block::Text(format!(
            "when the conditions are swapped and the code is kept, a new design changes by {sensitivity:.3} (0: the conditions are ignored)"
        )));
    }
    blocks
}

/// How many new designs carry their load, by the way that they are drawn.
pub(super) fn new_designs(found: &NewDesigns) -> Vec<Block> {
    let best = format!("best of {}: fails", found.draws);
    let columns = [
        "drawn from",
        "fails",
        "± error",
        "CE median",
        "volume off",
        "load on void",
        "in pieces",
        "too soft",
        &best,
        "CE median",
    ];
    let mut table = Table::new(
        format!(
            "{} new designs for each test design ({} problems in {} groups)",
            found.draws, found.problems, found.groups
        ),
        &columns,
    );
    let share = |value: f64| format!("{:.1} %", 100.0 * value);
    for kind in &found.kinds {
        let [best, best_median] = kind.best.map_or([String::new(), String::new()], |best| {
            [share(best.failure_rate), fine(best.ce_median)]
        });
        table.push(
            &kind.name,
            [
                share(kind.failure_rate),
                kind.standard_error.map_or("-".to_owned(), share),
                fine(kind.ce_median),
                format!("{:.4}", kind.volume_error),
                share(kind.load_on_void),
                share(kind.in_pieces),
                share(kind.too_soft),
                best,
                best_median,
            ],
        );
    }
    let text = format!(
        "a design fails if it is more than twice as soft as the test design or nothing holds its load; errors are over groups. Two draws for one test design overlap by {:.2} (IoU); a draw overlaps by {:.2} with the training design most like it, a test design by {:.2}",
        found.overlap_of_draws, found.overlap_with_training, found.test_overlap_with_training
    );
    let mut blocks = vec![Block::Table(table), Block::Text(text)];
    if let [_, .., _] = &found.by_distance[..] {
        blocks.push(Block::Table(by_distance(found)));
    }
    blocks
}

/// What new designs are worth by how far their problem lies from the training problems.
fn by_distance(found: &NewDesigns) -> Table {
    let kind = found.kinds.first().map_or("", |kind| kind.name.as_str());
    let columns = ["distance of the maps", "test designs", "fails", "CE median"];
    let mut table = Table::new(
        format!("{kind}, by the distance of the problem from the nearest training problem"),
        &columns,
    );
    for part in &found.by_distance {
        let [from, to] = part.distances;
        table.push(
            format!("{from:.3} to {to:.3}"),
            [
                part.designs.to_string(),
                format!("{:.1} %", 100.0 * part.failure_rate),
                fine(part.ce_median),
            ],
        );
    }
    table
}

/// A compliance error with two decimals, and as `> 1000 %` if it is absurdly large.
pub(super) fn fine(value: f64) -> String {
    if 10.0 < value { "> 1000 %".to_owned() } else { format!("{:.2} %", 100.0 * value) }
}

/// A share as `12.3 %`, and as `> 1000 %` if it is absurdly large.
fn percent(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if 10.0 < value => "> 1000 %".to_owned(),
        Some(value) => format!("{:.1} %", 100.0 * value),
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples;
    use super::*;
    use crate::evaluation::AtDistance;

    fn texts(blocks: &[Block]) -> String {
        let text = |block: &Block| match block {
            Block::Text(text) | Block::Heading(text) => text.clone(),
            Block::Table(table) => table.title.clone(),
            _ => String::new(),
        };
        blocks.iter().map(text).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn test_designs_are_left_out_only_if_their_cut_ruins_them() {
        let mut found = examples::mechanics(0.1);
        let said = texts(&mechanics(&found));
        assert!(said.contains("Mechanics of 10 test problems") && !said.contains("left out"));
        let (name, scores) = ("this model".into(), examples::mechanics_scores(0.1, 3));
        found.generated.push(Scored { name, scores });
        let said = texts(&mechanics(&found));
        assert!(said.contains("Mechanics of 7 test problems"), "{said}");
        assert!(said.contains("left out: 3 test designs which fall into pieces"), "{said}");
    }

    #[test]
    fn conditions_are_called_ignored_by_a_number() {
        let mut found = examples::mechanics(0.1);
        assert!(!texts(&mechanics(&found)).contains("swapped"));
        found.condition_sensitivity = Some(0.25);
        let said = texts(&mechanics(&found));
        assert!(said.contains("a new design changes by 0.250 (0: the conditions are ignored)"));
    }

    #[test]
    fn distances_are_shown_only_if_there_are_several() {
        let part =
            || AtDistance { distances: [0.1, 0.2], designs: 2, failure_rate: 0.5, ce_median: 0.1 };
        let said = |parts: Vec<AtDistance>| texts(&new_designs(&examples::new_designs(0.1, parts)));
        let words = "flow, by the distance of the problem from the nearest training problem";
        assert!(said(vec![part(), part()]).contains(words));
        assert!(!said(vec![part()]).contains(words) && !said(Vec::new()).contains(words));
    }

    #[test]
    fn only_absurd_errors_are_cut_short() {
        assert_eq!((fine(10.0), fine(10.1)), ("1000.00 %".to_owned(), "> 1000 %".to_owned()));
        assert_eq!(percent(Some(0.123)), "12.3 %");
        assert_eq!(percent(Some(f64::INFINITY)), "> 1000 %");
        assert_eq!(percent(None), "-");
    }
}
