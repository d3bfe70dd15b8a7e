//! The built-in data set is what its recorded command makes, and fit to learn from.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use topo_data::{Family, GenerateSpec, Maker, SetQuality, Silhouette, symmetry_key};
use vae_data::{DataSet, Mirror, MirrorRule, Shares, Source, SplitRule, open, split};

/// A design of the set, as `examples/make_builtin.rs` noted it.
#[derive(Deserialize)]
struct Noted {
    design: usize,
    problem: usize,
    variant: usize,
    /// The first twenty compliances.
    history: Vec<f64>,
    /// The last one.
    compliance: f64,
}

fn builtin() -> DataSet {
    open(&Source::Builtin).expect("the built-in set opens")
}

fn column(set: &DataSet, name: &str) -> Vec<f64> {
    let results = set.results().expect("the built-in set has results");
    results.numbers(name, "results.csv").expect("they are numbers").expect("the column is there")
}

#[test]
fn a_sample_of_it_is_made_again() {
    let sample: Vec<Noted> =
        serde_json::from_str(include_str!("fixtures/builtin_sample.json")).unwrap();
    assert!(sample.len() >= 4);
    let set = builtin();
    let spec: GenerateSpec = serde_json::from_value(set.metadata().extra["spec"].clone()).unwrap();
    let family = Family::cantilever();
    let mut maker = Maker::new(&spec, &family).unwrap();
    for noted in sample {
        let made = maker.make(noted.problem, noted.variant).unwrap();

        // Against the note: a change of the solver or of the starts shows here first.
        assert_eq!(noted.history.len(), 20);
        for (made, noted) in made.history.iter().zip(&noted.history) {
            assert!((made / noted - 1.0).abs() < 1e-6, "{made} instead of {noted}");
        }
        assert!((made.compliance / noted.compliance - 1.0).abs() < 1e-3);

        // Against the set itself.
        assert_eq!(column(&set, "problem")[noted.design] as usize, noted.problem);
        assert_eq!(column(&set, "variant")[noted.design] as usize, noted.variant);
        assert!((made.compliance / column(&set, "compliance")[noted.design] - 1.0).abs() < 1e-3);
        assert!(
            (made.compliance_cut / column(&set, "compliance_cut")[noted.design] - 1.0).abs() < 1e-3
        );
        let mut stored = vec![0.0; set.design_len()];
        set.read_into(&[noted.design], &mut stored).unwrap();
        let iou = Silhouette::of(&stored).iou(&Silhouette::of(&made.densities()));
        assert!(iou > 0.99, "design {} comes out otherwise: IoU {iou}", noted.design);
    }
}

#[test]
fn it_is_large_crisp_whole_and_its_test_designs_are_no_copies() {
    let set = builtin();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let split = split(&set, &SplitRule::Random, Shares::default(), &mut rng).unwrap();
    let quality = SetQuality::of(&set, &split).unwrap();
    assert!(quality.designs >= 3000, "{quality:?}");
    assert_eq!(quality.groups, 224, "a cell of place, direction and volume lacks designs");
    assert!(quality.greyness < 0.1, "{quality:?}");
    assert!(quality.one_piece_8 > 0.999, "{quality:?}");
    assert!(quality.one_piece_4 > 0.9, "{quality:?}");
    assert!(quality.nearest_iou.unwrap()[3] <= 0.9, "{quality:?}");
    assert!(column(&set, "ratio").iter().all(|ratio| (1.0..=1.1).contains(ratio)));
}

#[test]
fn its_conditions_and_groups_are_those_of_its_problems() {
    let set = builtin();
    let family = Family::cantilever();
    let problems = column(&set, "problem");
    let mut groups = std::collections::BTreeMap::new();
    for (design, &problem) in problems.iter().enumerate() {
        let problem = problem as usize;
        for (condition, value) in set.conditions().row(design).iter().zip(family.values(problem)) {
            assert!((f64::from(*condition) - value).abs() < 1e-6);
        }
        let key = symmetry_key(&family.problem(problem, 48, 96).unwrap()).unwrap();
        let group = *groups.entry(key).or_insert(set.groups()[design]);
        assert_eq!(set.groups()[design], group);
    }
    let rules: Vec<_> = set.condition_info().iter().map(|c| c.mirror_rule(Mirror::Y)).collect();
    assert_eq!(rules, [MirrorRule::Same, MirrorRule::Sum(1.0), MirrorRule::Sum(180.0)].map(Some));

    // Designs of one problem have several variants; no group is split in two.
    assert_eq!(groups.len(), set.n_groups());
    assert!(problems.len() > 5 * family.problems());
}

#[test]
fn what_was_dropped_is_counted() {
    let set = builtin();
    let counts = &set.metadata().extra["counts"];
    let count = |name: &str| counts[name].as_u64().unwrap();
    let failures = counts["failures"].as_array().unwrap().len() as u64;
    let dropped = ["weak", "cut_away", "broken", "duplicates"].map(count).iter().sum::<u64>();
    assert_eq!(count("kept"), set.len() as u64);
    assert_eq!(count("kept") + dropped + failures, count("candidates"));
    // None of the kept ones is much weaker once it is cut to 0/1.
    let (grey, cut) = (column(&set, "compliance"), column(&set, "compliance_cut"));
    assert!(cut.iter().zip(&grey).all(|(cut, grey)| cut / grey <= 1.2));
}
