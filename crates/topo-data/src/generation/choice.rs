//! Which problems of a family a generation works on.

use std::collections::{BTreeMap, BTreeSet};

use rand::{Rng, seq::SliceRandom};
use rayon::prelude::*;
use topo_simp::ProblemError;

use super::spec::GenerateSpec;
use crate::{
    error::{Result, TopoDataError},
    families::{Family, symmetry_key},
};

/// Families up to this size are shuffled; of larger ones problems are drawn.
const SHUFFLED: usize = 1 << 20;

/// Draws for each problem after which a family that draws at random gives up.
const DRAWS_PER_PROBLEM: usize = 1000;

/// Number of problems, beyond those found, whose draws may all be in vain.
const PATIENCE: usize = 10;

/// Problems looked at together, in parallel.
const BLOCK: usize = 256;

/// The problems of a generation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Chosen {
    /// The group of each problem, numbered from 0 in the order of the problems: mirror images share
    /// one.
    pub(crate) groups: BTreeMap<usize, u32>,
    /// How many draws were rejected, by reason.
    pub(crate) rejected: BTreeMap<String, usize>,
}

/// The well-posed problems of a specification: all of the family, or as many as wanted in an order
/// that the seed decides.
///
/// A problem that the solver would refuse is rejected and counted, and the next one takes its
/// place.
pub(crate) fn choose(spec: &GenerateSpec, family: &Family) -> Result<Chosen> {
    let all = family.problems();
    let wanted = spec.problems.unwrap_or(all);
    let mut rng = vae_base::keyed("problems", [spec.seed, 0, 0]);
    let mut order: Box<dyn Iterator<Item = usize>> = if spec.problems.is_none() {
        Box::new(0..all)
    } else if all <= SHUFFLED {
        let mut order: Vec<usize> = (0..all).collect();
        order.shuffle(&mut rng);
        Box::new(order.into_iter())
    } else {
        let mut seen = BTreeSet::new();
        let draws = DRAWS_PER_PROBLEM.saturating_mul(wanted);
        let drawn = (0..draws).map(move |_| rng.random_range(0..all as u64) as usize);
        Box::new(drawn.filter(move |&problem| seen.insert(problem)))
    };

    let mut rejected: BTreeMap<String, usize> = BTreeMap::new();
    let mut keys: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
    let (mut drawn, listed) = (0, spec.problems.is_none() || all <= SHUFFLED);
    // Draws of a family that has hardly any well-posed problem do not get better.
    while keys.len() < wanted
        && (listed || drawn <= DRAWS_PER_PROBLEM.saturating_mul(keys.len() + PATIENCE))
    {
        let block: Vec<usize> = order.by_ref().take(BLOCK).collect();
        if block.is_empty() {
            break;
        }
        drawn += block.len();
        let looked_at: Vec<_> = block
            .into_par_iter()
            .map(|problem| {
                let task = family.problem(problem, spec.height, spec.width)?;
                Ok((problem, symmetry_key(&task)))
            })
            .collect::<Result<_>>()?;
        for (problem, key) in looked_at {
            match key {
                _ if keys.len() == wanted => break,
                Ok(key) => drop(keys.insert(problem, key)),
                Err(error) => *rejected.entry(reason(&error)).or_default() += 1,
            }
        }
    }
    let found = keys.len();
    if found == 0 || (spec.problems.is_some() && found < wanted) {
        return Err(TopoDataError::TooFewProblems { family: family.name.clone(), wanted, found });
    }

    let mut numbers: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
    let mut groups = BTreeMap::new();
    for (problem, key) in keys {
        let next = numbers.len() as u32;
        groups.insert(problem, *numbers.entry(key).or_insert(next));
    }
    Ok(Chosen { groups, rejected })
}

/// A reason without the numbers that differ from draw to draw.
fn reason(error: &ProblemError) -> String {
    match error {
        ProblemError::NoLoad | ProblemError::LoadFree { .. } => "no load",
        ProblemError::LoadOnSupport { .. } => "all loads on supports",
        ProblemError::LoadOnVoid { .. } => "a load on void",
        ProblemError::NoSupport => "no support",
        ProblemError::Unsupported { .. } => "free to slide or turn",
        ProblemError::Volume { .. } => "a volume that the passive regions make impossible",
        ProblemError::NothingFree => "no free element",
        other => return other.to_string(),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(family: &str, problems: Option<usize>, seed: u64) -> Chosen {
        let family = Family::named(family).unwrap();
        let spec = GenerateSpec {
            height: 8,
            width: 8,
            problems,
            seed,
            ..GenerateSpec::for_family(&family.name).unwrap()
        };
        choose(&spec, &family).unwrap()
    }

    #[test]
    fn the_seed_decides_which_and_all_are_different() {
        let one = chosen("cantilever", Some(20), 1);
        assert_eq!(one, chosen("cantilever", Some(20), 1));
        assert_ne!(one, chosen("cantilever", Some(20), 2));
        assert_eq!(one.groups.len(), 20);
        let all = chosen("cantilever", None, 1);
        assert_eq!(all.groups.len(), 441);
        // 63 places and directions, one of them symmetric, times 7 volumes.
        assert_eq!(all.groups.values().max(), Some(&(7 * (63 + 1) / 2 - 1)));
        // The first of a group opens it.
        let mut next = 0;
        for &group in all.groups.values() {
            assert!(group <= next);
            next = next.max(group + 1);
        }
    }

    #[test]
    fn ill_posed_draws_are_rejected_and_counted() {
        let random = chosen("random", Some(50), 1);
        assert_eq!(random.groups.len(), 50);
        for reason in ["no load", "free to slide or turn"] {
            assert!(random.rejected[reason] > 5, "{random:?}");
        }
        let family = Family::named("random").unwrap();
        assert!(random.groups.keys().all(|&p| family.problem(p, 8, 8).unwrap().validate().is_ok()));
        let mixed = chosen("mixed", Some(200), 1);
        assert!(mixed.rejected["all loads on supports"] > 5, "{mixed:?}");
    }

    #[test]
    fn a_family_without_well_posed_problems_is_given_up() {
        // Hardly ever a support: a million draws for each of a million problems would not end.
        let text = include_str!("../../families/random.toml");
        let family = Family::parse(text).unwrap();
        let mut scatter = family.scatter.clone().unwrap();
        (scatter.fixed_x, scatter.fixed_y) = (1e-9, 1e-9);
        let family = Family { scatter: Some(scatter), ..family };
        let spec = GenerateSpec {
            height: 4,
            width: 4,
            problems: Some(1_000_000),
            ..GenerateSpec::for_family("random").unwrap()
        };
        let error = choose(&spec, &family).unwrap_err();
        assert!(matches!(error, TopoDataError::TooFewProblems { found: 0, .. }), "{error}");
    }

    #[test]
    fn more_than_there_are_is_refused() {
        let family = Family::named("tutorial").unwrap();
        let spec =
            GenerateSpec { problems: Some(49), ..GenerateSpec::for_family("tutorial").unwrap() };
        let error = choose(&spec, &family).unwrap_err();
        assert!(
            matches!(error, TopoDataError::TooFewProblems { wanted: 49, found: 48, .. }),
            "{error}"
        );
    }

    #[test]
    fn each_rejected_draw_has_its_own_reason() {
        let reasons = [
            (ProblemError::NoLoad, "no load"),
            (ProblemError::LoadFree { case: 3 }, "no load"),
            (ProblemError::LoadOnSupport { case: 3 }, "all loads on supports"),
            (ProblemError::NoSupport, "no support"),
            (ProblemError::NothingFree, "no free element"),
        ];
        for (error, words) in reasons {
            assert_eq!(reason(&error), words);
        }
        // Of the others the error itself says what is wrong.
        let grid = topo_simp::Grid { nelx: 0, nely: 4 };
        let other = topo_simp::Problem::cantilever(grid, 0.5).validate().unwrap_err();
        assert_eq!(reason(&other), other.to_string());
    }
}
