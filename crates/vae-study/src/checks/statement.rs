//! A stated problem held against the designs that it is stated for.

use std::collections::HashMap;

use ndarray::Array2;
use topo_data::{Contacts, StatedProblems};
use vae_base::{Note, Remedy, spread, text::counted};
use vae_data::{DataSet, cut_at_volume};

use super::compliances::check_compliances;
use super::places::moved_supports;
use super::turns::better_turn;
use crate::error::{Result, StudyError};
use crate::run::stored_one;

/// Designs that loads and supports are held against.
const LOOKED_AT: usize = 256;

/// Holds the problem that data state against every design: whether it is valid at the conditions of
/// each, on the grid of the designs, and whether its loads and supports stand on material. Says
/// whether the designs would fit it better if they were turned, and how compliances that came with
/// them agree with it. Without a stated problem there is nothing to say.
///
/// # Errors
/// [`topo_data::TopoDataError::Stated`] for an invalid problem; [`StudyError::OtherGrid`]; and
/// [`StudyError::LoadsOnVoid`] if loads act on void in most designs. If a design cannot be read.
pub fn check_problem(data: &DataSet) -> Result<Vec<Note>> {
    let Some(stated) = StatedProblems::of(data)? else { return Ok(Vec::new()) };
    let (height, width) = (data.height(), data.width());
    let mut grids = stated.distinct().iter().map(|problem| problem.grid);
    if let Some(grid) = grids.find(|grid| (grid.nely, grid.nelx) != (height, width)) {
        // Of designs on their side it can be found out how they have to be turned.
        let swapped =
            stated.distinct().iter().all(|p| (p.grid.nely, p.grid.nelx) == (width, height));
        let turn =
            if swapped { better_turn(data, &stated)?.map(|better| better.turn) } else { None };
        return Err(StudyError::OtherGrid { grid, height, width, turn });
    }
    let better = better_turn(data, &stated)?;
    let contact = Contact::of(data, &stated)?;
    if contact.looked_at < 2 * contact.on_void {
        let exchange = data.exchange().map(|[exchange, _]| Box::new(exchange.clone()));
        return Err(StudyError::LoadsOnVoid {
            load: contact.worst_load(),
            on_void: contact.on_void,
            looked_at: contact.looked_at,
            exchange: exchange.filter(|_| 2 * contact.inverted_on_void < contact.looked_at),
            turn: better.map(|better| better.turn),
        });
    }
    let moved = stated.distinct().iter().map(moved_supports).find(|moved| !moved.is_empty());
    let mut notes = moved.unwrap_or_default();
    notes.extend(contact.notes());
    if let Some(better) = better {
        notes.push(
            Note::new(format!(
                "warning: the designs fit their problem better when they are turned: of {} looked \
                 at, {} are stiffer by {} (in the median {:.3} times)",
                counted(better.looked_at, "design"),
                better.stiffer,
                better.turn,
                better.times
            ))
            .or(Remedy::set("turn", better.turn.to_string(), "turns them"))
            .or(Remedy::advice("count y from the top in the problem and its conditions")),
        );
    }
    notes.extend(check_compliances(data)?.map(Note::new));
    Ok(notes)
}

/// Where loads and supports stand in some designs.
#[derive(Default)]
struct Contact {
    looked_at: usize,
    /// Designs with a load on void, and those with a load on void once material and void change
    /// places.
    on_void: usize,
    inverted_on_void: usize,
    /// Load case, load and node (column, row) of each load that acts on void, with the number of
    /// designs and the first of them.
    loads: HashMap<(usize, usize), (usize, usize, [usize; 2])>,
    /// The same for supports that touch no material.
    idle: HashMap<usize, usize>,
}

impl Contact {
    fn of(data: &DataSet, stated: &StatedProblems) -> Result<Self> {
        let mut found = Self::default();
        for design in spread(data.len(), LOOKED_AT) {
            let contacts = Contacts::of(stated.problem(design))?;
            let material = material(stored_one(data, design)?);
            let void = contacts.loads_on_void(material.view());
            let inverted = contacts.loads_on_void(material.mapv(|x| 1.0 - x).view());
            found.looked_at += 1;
            found.on_void += usize::from(!void.is_empty());
            found.inverted_on_void += usize::from(!inverted.is_empty());
            for place in void.into_iter().map(|position| &contacts.loads()[position]) {
                let node = place.nodes.first().map_or([0; 2], |node| [node.column, node.row]);
                found.loads.entry((place.case, place.load)).or_insert((0, design, node)).0 += 1;
            }
            for support in contacts.idle_supports(material.view()) {
                *found.idle.entry(support).or_default() += 1;
            }
        }
        Ok(found)
    }

    /// The load that acts on void most often, in words.
    fn worst_load(&self) -> String {
        let most = self
            .loads
            .iter()
            .max_by_key(|&(&(case, load), &(n, ..))| (n, std::cmp::Reverse((case, load))));
        most.map_or_else(String::new, |((case, load), (_, design, [column, row]))| {
            format!("load {load} of load case {case}, at node [{column}, {row}] of design {design}")
        })
    }

    fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        if 0 < self.on_void {
            notes.push(Note::new(format!(
                "in {} of {} designs looked at a load acts on void; the first load is {}",
                self.on_void,
                self.looked_at,
                self.worst_load()
            )));
        }
        let mut idle: Vec<_> = self.idle.iter().collect();
        idle.sort();
        let most = idle.into_iter().filter(|&(_, &n)| self.looked_at < 2 * n);
        notes.extend(most.map(|(support, n)| {
            Note::new(format!(
                "warning: support {support} touches no material in {n} of {} designs looked at",
                self.looked_at
            ))
        }));
        notes
    }
}

/// What is material in a design: what is denser than one half, and the densest elements up to its
/// volume.
fn material(design: Array2<f32>) -> Array2<f32> {
    let mut cells: Vec<f32> = design.iter().copied().collect();
    let mean = cells.iter().sum::<f32>() / cells.len().max(1) as f32;
    cut_at_volume(&mut cells, None, mean);
    let width = design.ncols();
    Array2::from_shape_fn(design.dim(), |(i, j)| {
        if 0.5 < design[(i, j)] { 1.0 } else { cells[i * width + j] }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_and_supports_off_material_are_said_only_if_there_are_some() {
        let said = |found: &Contact| {
            found.notes().iter().map(|note| note.found.clone()).collect::<Vec<_>>().join("; ")
        };
        let mut found = Contact { looked_at: 10, ..Contact::default() };
        assert_eq!(said(&found), "");
        // A support that is idle in half of the designs may be needed by the others.
        found.idle.insert(1, 5);
        assert_eq!(said(&found), "");
        found.idle.insert(0, 6);
        let idle = "warning: support 0 touches no material in 6 of 10 designs looked at";
        assert_eq!(said(&found), idle);
        found.on_void = 2;
        found.loads.insert((0, 1), (1, 4, [3, 0]));
        found.loads.insert((0, 0), (2, 7, [8, 4]));
        let void = "in 2 of 10 designs looked at a load acts on void; the first load is load 0 of \
                    load case 0, at node [8, 4] of design 7";
        assert_eq!(said(&found), format!("{void}; {idle}"));
    }
}
