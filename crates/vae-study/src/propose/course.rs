//! Which rounds of candidates follow each other.

use vae_design::Yield;

use super::settings::{Differ, ProposeSettings};

/// Topologies that are looked for.
const TOPOLOGIES: usize = 5;
/// Times the volume of the task that the model is told in rounds that explore: what is drawn for
/// another volume, and cut at that of the task, often has another topology.
const VOLUMES: [f64; 5] = [0.7, 1.4, 0.5, 1.2, 0.85];
/// Times the usual filter radius that finds the layout in rounds that explore: members of another
/// thickness join in another topology.
const LAYOUTS: [f64; 3] = [0.7, 1.0, 1.5];
/// Rounds that explore if only topologies are missing: each of the volumes with each of the
/// layouts.
const EXPLORATIONS: usize = VOLUMES.len() * LAYOUTS.len();
/// Rounds of draws in a row that bring nothing that is missing, after which no more will.
const FRUITLESS: usize = 8;

/// What the candidates of a round begin with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Round {
    /// The task as it is.
    Stated,
    /// Designs with one hole more or less than others, for the sake of other topologies.
    Varied,
    /// Draws for something else, for the same sake.
    Exploring {
        /// Times the volume that the model is told.
        volume: f64,
        /// Times the filter radius that finds the layout.
        layout: f64,
    },
}

/// The rounds of a task: the first one as it is stated, and further ones by what came of those
/// before.
pub(super) struct Course {
    count: usize,
    most: usize,
    /// Topologies that are looked for; 0 if proposals differ by their overlap alone.
    wanted: usize,
    explores: bool,
    explorations: usize,
    fruitless: usize,
    /// Whether the last round of the task as it is stated brought something.
    stated_brings: bool,
    /// Whether the last round was [`Round::Varied`].
    varied: bool,
    /// What the rounds before the last one had brought; `None` before the first.
    before: Option<Yield>,
}

impl Course {
    pub(super) fn new(settings: &ProposeSettings) -> Self {
        let wanted = match settings.differ {
            Differ::Topology => settings.count.min(TOPOLOGIES),
            Differ::Overlap => 0,
        };
        Self {
            count: settings.count,
            most: settings.most_candidates(),
            wanted,
            explores: false,
            explorations: 0,
            fruitless: 0,
            stated_brings: true,
            varied: false,
            before: None,
        }
    }

    /// The next round after those that brought `counts`; `None` if enough candidates are accepted,
    /// of enough topologies, or if no more are to be expected. `varies` says whether there are
    /// designs with one hole more or less that were not tried.
    ///
    /// Rounds look for other topologies as long as some are missing. One that brings nothing is
    /// followed by one of another kind, but the task as it is stated is not tried again if that
    /// brought nothing, or if only topologies are missing.
    pub(super) fn next(&mut self, counts: Yield, varies: bool) -> Option<Round> {
        let Yield { tried, accepted, topologies, .. } = counts;
        let (is_full, is_short) = (self.count <= accepted, topologies < self.wanted);
        let brings = |before: Yield| {
            let missing = before.accepted < self.count;
            before.topologies < topologies || (missing && before.accepted < accepted)
        };
        let has_brought = self.before.is_none_or(brings);
        let was_varied = std::mem::take(&mut self.varied);
        if has_brought {
            self.fruitless = 0;
        } else if !was_varied {
            self.fruitless += 1;
        }
        if !self.explores {
            self.stated_brings = has_brought;
        }
        let suffices = is_full && (!is_short || EXPLORATIONS <= self.explorations);
        if suffices || self.most <= tried || FRUITLESS <= self.fruitless {
            return None;
        }
        self.explores = match self.fruitless {
            _ if is_full => true,
            0 => self.explores || (is_short && 0 < tried),
            _ => 0 < self.wanted && !(self.explores && self.stated_brings),
        };
        self.before = Some(counts);
        if !self.explores {
            return Some(Round::Stated);
        }
        self.varied = varies && 0 < self.fruitless && !was_varied;
        if self.varied {
            return Some(Round::Varied);
        }
        let number = self.explorations;
        self.explorations += 1;
        let (volume, layout) = (VOLUMES[number % VOLUMES.len()], LAYOUTS[number % LAYOUTS.len()]);
        Some(Round::Exploring { volume, layout })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rounds of a task whose rounds bring so many candidates, accepted ones and topologies;
    /// whether each explores.
    fn course(settings: &ProposeSettings, brings: impl Fn(bool) -> [usize; 3]) -> Vec<bool> {
        let mut course = Course::new(settings);
        let (mut counts, mut rounds) = (Yield::default(), Vec::new());
        while let Some(round) = course.next(counts, false) {
            let explores = round != Round::Stated;
            rounds.push(explores);
            let [tried, accepted, topologies] = brings(explores);
            counts.tried += tried;
            counts.accepted += accepted;
            counts.topologies += topologies;
        }
        rounds
    }

    #[test]
    fn a_task_with_topologies_enough_ends_with_its_first_round() {
        let settings = ProposeSettings::default();
        assert_eq!(course(&settings, |_| [20, 12, 5]), [false]);
        assert_eq!(course(&settings, |_| [20, 6, 6]), [false, false]);
    }

    #[test]
    fn missing_topologies_are_looked_for_with_every_volume_and_layout() {
        let settings = ProposeSettings { candidates: Some(100_000), ..ProposeSettings::default() };
        let rounds = course(&settings, |_| [20, 12, 0]);
        assert_eq!(rounds.len(), 1 + FRUITLESS);
        assert!(!rounds[0] && rounds[1..].iter().all(|&explores| explores));
        let mut course = Course::new(&settings);
        let mut seen: Vec<Round> = Vec::new();
        let mut counts = Yield::default();
        while let Some(round) = course.next(counts, false) {
            assert!(!seen.contains(&round), "{round:?} twice");
            seen.push(round);
            (counts.tried, counts.accepted) = (counts.tried + 20, counts.accepted + 12);
            // Now and then one topology more, but never enough of them.
            counts.topologies = seen.len() / 5;
        }
        assert_eq!(seen.len(), 1 + EXPLORATIONS);
    }

    #[test]
    fn a_round_that_brings_nothing_is_followed_by_one_of_the_other_kind() {
        let settings = ProposeSettings::default();
        let rounds = course(&settings, |explores| [10, usize::from(explores), 0]);
        // The first brings nothing, but every exploring one does; topologies are still missing
        // when there are ten.
        assert_eq!(rounds, [&[false][..], &[true; 10 + 5]].concat());
        let rounds = course(&settings, |explores| [10, usize::from(!explores), 0]);
        assert_eq!(rounds[..6], [false, true, false, true, false, true]);
        let rounds = course(&settings, |_| [10, 0, 0]);
        assert_eq!(rounds, [&[false][..], &[true; FRUITLESS - 1]].concat());
    }

    #[test]
    fn designs_with_a_hole_more_or_less_follow_rounds_that_bring_nothing() {
        let settings = ProposeSettings::default();
        let mut course = Course::new(&settings);
        let is_exploring = |round| matches!(round, Some(Round::Exploring { .. }));
        let none = Yield { tried: 20, ..Yield::default() };
        assert_eq!(course.next(Yield::default(), true), Some(Round::Stated));
        assert_eq!(course.next(none, true), Some(Round::Varied));
        // That brought something, so draws come next; they bring nothing.
        let some = Yield { tried: 30, accepted: 12, topologies: 3, ..none };
        assert!(is_exploring(course.next(some, true)));
        assert_eq!(course.next(some, true), Some(Round::Varied));
        assert!(is_exploring(course.next(some, true)));
        assert!(is_exploring(course.next(some, false)), "without designs there are draws");
        let enough = Yield { topologies: 5, ..some };
        assert_eq!(course.next(enough, true), None);
        // Where designs differ by their overlap alone, no topology is missing.
        let settings = ProposeSettings { differ: Differ::Overlap, ..settings };
        let mut course = Course::new(&settings);
        let rounds = [course.next(Yield::default(), true), course.next(none, true)];
        assert_eq!(rounds, [Some(Round::Stated); 2]);
        assert_eq!(course.next(some, true), None);
    }

    #[test]
    fn the_largest_number_of_candidates_ends_it_and_overlap_never_explores() {
        let settings = ProposeSettings { candidates: Some(45), ..ProposeSettings::default() };
        assert_eq!(course(&settings, |_| [20, 1, 1]).len(), 3);
        let settings = ProposeSettings { differ: Differ::Overlap, ..ProposeSettings::default() };
        assert!(course(&settings, |_| [10, 0, 0]).iter().all(|&explores| !explores));
        assert_eq!(course(&settings, |_| [20, 5, 0]), [false, false]);
    }
}
