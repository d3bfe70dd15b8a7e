//! Pictures and arrays that show something else of designs which lie beside them: masks, loads,
//! stresses, first guesses.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::error::ReadingError;
use crate::foreign::listing::{Found, stem};

/// What others are called.
const OTHERS: [&str; 40] = [
    "mask",
    "masks",
    "stress",
    "stresses",
    "mises",
    "vonmises",
    "strain",
    "strains",
    "energy",
    "disp",
    "displacement",
    "displacements",
    "sensitivity",
    "sensitivities",
    "sens",
    "init",
    "initial",
    "start",
    "load",
    "loads",
    "force",
    "forces",
    "support",
    "supports",
    "bc",
    "bcs",
    "boundary",
    "gt",
    "seg",
    "segmentation",
    "overlay",
    "contour",
    "contours",
    "thumb",
    "thumbs",
    "thumbnail",
    "thumbnails",
    "preview",
    "temperature",
    "mesh",
];
/// What designs are called.
const DESIGNS: [&str; 18] = [
    "design",
    "designs",
    "density",
    "densities",
    "rho",
    "image",
    "images",
    "img",
    "imgs",
    "x",
    "xphys",
    "topology",
    "topologies",
    "result",
    "results",
    "output",
    "outputs",
    "final",
];

/// Refuses files of which at least half are in pairs: two names that differ only in words that say
/// what is shown, of which one is a design and the other is called otherwise.
pub(crate) fn check(path: &Path, files: &[Found]) -> Result<(), ReadingError> {
    let mut by_rest: BTreeMap<String, Vec<(&Found, bool)>> = BTreeMap::new();
    for file in files {
        let words = words(stem(&file.name));
        let is_other = words.iter().any(|word| OTHERS.contains(&word.as_str()));
        let kept =
            |word: &&String| !OTHERS.contains(&word.as_str()) && !DESIGNS.contains(&word.as_str());
        let rest = words.iter().filter(kept).cloned().collect::<Vec<_>>().join(" ");
        by_rest.entry(rest).or_default().push((file, is_other));
    }
    let pairs: Vec<(&Found, &Found)> = by_rest
        .values()
        .filter_map(|files| {
            let of = |other: bool| files.iter().find(|(_, is_other)| *is_other == other);
            Some((of(true)?.0, of(false)?.0))
        })
        .collect();
    let Some((other, design)) = pairs.first().filter(|_| by_rest.len() <= 2 * pairs.len()) else {
        return Ok(());
    };
    let folder = |file: &Found| file.name.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let folders: BTreeSet<Option<String>> =
        pairs.iter().map(|(_, design)| folder(design)).collect();
    let of_others: BTreeSet<Option<String>> =
        pairs.iter().map(|(other, _)| folder(other)).collect();
    let instead = match folders.iter().collect::<Vec<_>>()[..] {
        [Some(folder)] if folders.is_disjoint(&of_others) => Some(path.join(folder)),
        _ => None,
    };
    Err(ReadingError::Companions {
        path: path.into(),
        other: other.name.clone(),
        design: design.name.clone(),
        n: pairs.len() - 1,
        instead,
    })
}

/// The words and the numbers of a name, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    for c in name.chars().flat_map(char::to_lowercase) {
        let kind = |c: char| (c.is_alphabetic(), c.is_ascii_digit());
        if c.is_alphanumeric() {
            match words.last_mut() {
                Some(word) if kind(last) == kind(c) => word.push(c),
                _ => words.push(c.into()),
            }
        }
        last = c;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(names: &[&str]) -> Option<(String, Option<String>)> {
        let files: Vec<Found> =
            names.iter().filter_map(|name| Found::new(Path::new(name), (*name).into())).collect();
        assert_eq!(files.len(), names.len());
        match check(Path::new("set"), &files) {
            Err(ReadingError::Companions { other, instead, .. }) => {
                Some((other, instead.map(|path| path.display().to_string())))
            }
            _ => None,
        }
    }

    #[test]
    fn others_are_found_by_their_names() {
        let found = refused(&["images/1.png", "images/2.png", "masks/1.png", "masks/2.png"]);
        assert_eq!(found, Some(("masks/1.png".into(), Some("set/images".into()))));
        for names in [
            ["d1.png", "d2.png", "d1_mask.png", "d2_mask.png"],
            ["1_density.png", "2_density.png", "1_stress.png", "2_stress.png"],
            ["rho_1.npy", "rho_2.npy", "init_1.npy", "init_2.npy"],
            ["a/final.npy", "a/initial.npy", "b/final.npy", "b/initial.npy"],
        ] {
            assert!(refused(&names).is_some_and(|(_, instead)| instead.is_none()), "{names:?}");
        }
    }

    #[test]
    fn designs_alone_are_kept_whatever_they_are_called() {
        for names in [
            ["masks/1.png", "masks/2.png", "masks/3.png", "masks/4.png"],
            ["bridge/1.png", "bridge/2.png", "beam/1.png", "beam/2.png"],
            ["vf30_load1.png", "vf30_load2.png", "vf40_load1.png", "vf40_load2.png"],
            ["1.png", "2.png", "3.png", "mask_3.png"],
        ] {
            assert_eq!(refused(&names), None, "{names:?}");
        }
    }
}
