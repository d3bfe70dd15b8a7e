//! References at low volumes, where members are hardly wider than elements: what counts as an
//! optimum carries its load in one piece, and what does not says why.

use rayon::prelude::*;
use topo_data::{Family, Judge, SOFTEST, TopoDataError};
use topo_simp::Problem;

/// Rows of the grids; families of square domains have as many columns, the others twice as many.
const ROWS: usize = 24;

/// The first problem of a family that is one at this volume; `None` if none of the first hundred
/// is.
fn problem(name: &str, volume_fraction: f64) -> Result<Option<Problem>, TopoDataError> {
    let family = Family::named(name)?;
    let square = ["mbb-half", "l-bracket", "mixed", "random", "tutorial"].contains(&name);
    let columns = if square { ROWS } else { 2 * ROWS };
    for index in 0..family.problems().min(100) {
        let problem = Problem { volume_fraction, ..family.problem(index, ROWS, columns)? };
        if problem.validate().is_ok() {
            return Ok(Some(problem));
        }
    }
    Ok(None)
}

/// Whether a problem has a reference.
fn has_reference(problem: &Problem) -> Result<bool, TopoDataError> {
    let mut judge = Judge::new(problem.grid)?;
    let bound = judge.lower_bound(problem)?;
    let optimum = judge.optimum_above(problem, bound)?;
    let judged = judge.judge(problem, optimum.cut.view())?;
    let times = judged.compliance_cut / bound;
    let what = format!("{times} times the bound, {:?}", optimum.flaw);
    if let Some(reference) = optimum.reference() {
        // Members may meet at corners.
        assert!(judged.loads_on_material && judged.pieces_8 == 1, "{what}");
        assert!((reference / judged.compliance_cut - 1.0).abs() < 1e-6, "{what}");
        assert!((0.99..=SOFTEST).contains(&times), "{what}");
    } else {
        let carries = judged.loads_supported && judged.pieces_4 == 1;
        assert!(!carries || SOFTEST < times, "{what}");
    }
    Ok(optimum.flaw.is_none())
}

#[test]
fn references_at_low_volumes_carry_their_load_or_say_why_not() {
    let found = [0.05, 0.1, 0.2].map(|volume| {
        let names: Vec<&str> = Family::names().collect();
        let problems: Vec<_> =
            names.iter().filter_map(|name| problem(name, volume).unwrap()).collect();
        let holding = problems.par_iter().filter(|problem| has_reference(problem).unwrap()).count();
        (holding, problems.len())
    });
    println!("{found:?}");
    // At a volume of 0.2 nearly every problem has a reference; at 0.05 there is no room for
    // members on so coarse a grid.
    assert!(found.map(|(_, problems)| problems).iter().all(|&problems| 9 <= problems), "{found:?}");
    assert!(8 <= found[2].0, "{found:?}");
}
