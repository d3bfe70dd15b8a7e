//! The tables of an evaluation by mechanics.

use vae_report::{Block, Table};

use crate::evaluation::{Mechanics, Scored};

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
            "left out: {left_out} test designs whose compliance grows by more than a factor of 1.2 when they are cut"
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

/// A share as `12.3 %`, and as `> 1000 %` if it is absurdly large.
fn percent(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if 10.0 < value => "> 1000 %".to_owned(),
        Some(value) => format!("{:.1} %", 100.0 * value),
    }
}
