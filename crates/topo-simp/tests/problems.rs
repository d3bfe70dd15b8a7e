//! Problems as text, and problems that are refused.

use proptest::prelude::*;
use topo_simp::{
    BracketLoad, Fix, Grid, Load, Motion, NamedProblem, PassiveKind, Place, Problem, ProblemError,
    Shape, Side,
};

const GRID: Grid = Grid { nelx: 12, nely: 6 };
const DOWN: [f64; 2] = [0.0, -1.0];

/// A cantilever without its load.
fn clamped() -> Problem {
    Problem::new(GRID, 0.4).with_support(Place::Edge(Side::Left), Fix::Xy)
}

#[track_caller]
fn refused(problem: &Problem) -> ProblemError {
    let error = problem.validate().expect_err("it must be refused");
    assert!(!error.to_string().is_empty());
    error
}

#[track_caller]
fn refused_number(problem: &Problem, expected: &str) {
    match refused(problem) {
        ProblemError::OutOfRange { what, .. } => assert_eq!(what, expected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn named_problems_are_valid_and_round_trip() {
    for name in NamedProblem::ALL {
        assert_eq!(name.name().parse(), Ok(name));
        let problem = name.problem(Grid { nelx: 30, nely: 20 }, 0.4);
        assert_eq!(problem.name.as_deref(), Some(name.name()));
        assert_eq!(problem.validate(), Ok(()));
        assert_eq!(Problem::from_toml(&problem.to_toml()).as_ref(), Ok(&problem));
    }
    assert_eq!(
        "mbx".parse::<NamedProblem>(),
        Err(ProblemError::UnknownName { name: "mbx".into() })
    );
}

#[test]
fn the_text_of_the_readme_is_a_problem() {
    let readme = include_str!("../README.md");
    let text = readme.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let problem = Problem::from_toml(text).unwrap();
    assert_eq!(
        (problem.supports.len(), problem.load_cases.len(), problem.passive.len()),
        (2, 2, 3)
    );
    assert_eq!(problem.load_cases[0].loads[0], Load { at: Place::Edge(Side::Top), force: DOWN });
    assert_eq!(Problem::from_toml(&problem.to_toml()).as_ref(), Ok(&problem));
}

#[test]
fn defaults_are_unit_values() {
    let text = r#"
        volume_fraction = 0.4
        grid = { nelx = 12, nely = 6 }
        supports = [{ at = { edge = "left" }, fix = "xy" }]
        load_cases = [{ loads = [{ at = { point = [1, 0.5] }, force = [0, -1] }] }]
    "#;
    let expected = clamped().with_load_case([(Place::Point([1.0, 0.5]), DOWN)]);
    assert_eq!(Problem::from_toml(text), Ok(expected));
}

#[test]
fn text_outside_the_schema_is_refused_with_its_place() {
    let good = clamped().with_load_case([(Place::Point([1.0, 0.5]), DOWN)]).to_toml();
    for (from, to, expected) in [
        ("volume_fraction = 0.4", "volume_fracton = 0.4", "volume_fracton"),
        ("nelx = 12", "nelx = -12", "nelx"),
        ("nelx = 12", "nelx = 12\nnelz = 3", "nelz"),
        ("\"xy\"", "\"yx\"", "yx"),
        ("edge = \"left\"", "edge = \"west\"", "west"),
        ("edge = \"left\"", "line = \"left\"", "line"),
        ("volume_fraction = 0.4", "", "volume_fraction"),
        ("volume_fraction = 0.4", "volume_fraction = \"much\"", "much"),
    ] {
        assert!(good.contains(from), "{from} in\n{good}");
        match Problem::from_toml(&good.replacen(from, to, 1)) {
            Err(ProblemError::Toml(message)) => {
                assert!(message.contains(expected), "{expected} in\n{message}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn conditions_replace_text() {
    let text = clamped()
        .with_load_case([(Place::Point([1.0, 0.5]), DOWN)])
        .to_toml()
        .replace("0.4", "\"$vf\"");
    let known = |name: &str| (name == "vf").then_some(0.25);
    assert_eq!(
        Problem::from_toml_with(&text, known).map(|problem| problem.volume_fraction),
        Ok(0.25)
    );
    // A key that is wrong is shown where it stands, in spite of the names.
    let Err(ProblemError::Toml(message)) =
        Problem::from_toml_with(&text.replace("supports", "suports"), known)
    else {
        panic!("a misspelt key")
    };
    assert!(message.contains("line ") && message.contains("suports"), "{message}");
    let unknown = Problem::from_toml_with(&text, |_| None);
    assert_eq!(unknown, Err(ProblemError::UnknownCondition { name: "vf".into() }));
    assert!(matches!(
        Problem::from_toml_with(&text, |_| Some(f64::NAN)),
        Err(ProblemError::OutOfRange { .. })
    ));
}

#[test]
fn numbers_out_of_range_are_named() {
    let good = clamped().with_load_case([(Place::Point([1.0, 0.5]), DOWN)]);
    for bad in [0.0, -0.1, 1.0, 1.1, f64::NAN] {
        refused_number(&Problem { volume_fraction: bad, ..good.clone() }, "volume_fraction");
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refused_number(&Problem { cell_size: bad, ..good.clone() }, "cell_size");
        refused_number(&Problem { thickness: bad, ..good.clone() }, "thickness");
        refused_number(&Problem { youngs_modulus: bad, ..good.clone() }, "youngs_modulus");
    }
    for bad in [-1.0, 0.6, f64::NAN] {
        refused_number(&Problem { poisson_ratio: bad, ..good.clone() }, "poisson_ratio");
    }
    for (nelx, nely) in [(0, 4), (4, 0), (usize::MAX, 2), (1 << 12, 1 << 12)] {
        let grid = Grid { nelx, nely };
        assert_eq!(refused(&Problem { grid, ..good.clone() }), ProblemError::GridSize { grid });
    }
    refused_number(
        &clamped().with_load_case([(Place::Point([1.1, 0.5]), DOWN)]),
        "x of load 0 of load case 0",
    );
    refused_number(
        &clamped().with_load_case([(Place::Point([1.0, f64::NAN]), DOWN)]),
        "y of load 0 of load case 0",
    );
    let force = [f64::INFINITY, 0.0];
    refused_number(
        &clamped().with_load_case([(Place::Point([1.0, 0.5]), force)]),
        "the x force of load 0 of load case 0",
    );
    let force = [0.0, 1e200];
    refused_number(
        &clamped().with_load_case([(Place::Point([1.0, 0.5]), force)]),
        "force² / (youngs_modulus · thickness)",
    );
    let segment = Place::Segment { side: Side::Top, from: 0.6, to: 0.2 };
    refused_number(&good.clone().with_support(segment, Fix::X), "the end of support 1 in position");
    let area = Place::Area { min: [0.5, 0.5], max: [0.2, 0.6] };
    refused_number(&good.clone().with_support(area, Fix::X), "the end of support 1 in x");
    let error = refused(&good.clone().with_support(Place::Node([13, 2]), Fix::X));
    assert_eq!(
        error,
        ProblemError::NodeOutside { what: "support 1".into(), column: 13, row: 2, grid: GRID }
    );

    let shapes = [
        (Shape::Rectangle { min: [0.5, 0.5], max: [0.5, 0.6] }, "the x max of passive region 0"),
        (Shape::Circle { center: [0.5, 0.5], radius: 0.0 }, "the radius of passive region 0"),
        (
            Shape::Circle { center: [f64::NAN, 0.5], radius: 0.1 },
            "the x center of passive region 0",
        ),
        (
            Shape::Ellipse { center: [0.5, 0.5], radii: [0.1, -0.1] },
            "the y radius of passive region 0",
        ),
        (
            Shape::Polygon { corners: vec![[0.0, 0.0], [1.0, 0.0], [0.0, f64::NAN]] },
            "the y corner of passive region 0",
        ),
    ];
    for (shape, expected) in shapes {
        refused_number(&good.clone().with_passive(PassiveKind::Void, shape), expected);
    }
    let line = Shape::Polygon { corners: vec![[0.0, 0.0], [1.0, 0.0]] };
    let error = refused(&good.with_passive(PassiveKind::Void, line));
    assert_eq!(error, ProblemError::Polygon { region: 0, corners: 2 });
}

#[test]
fn missing_loads_and_supports_are_named() {
    let load = (Place::Point([1.0, 0.5]), DOWN);
    assert_eq!(refused(&clamped()), ProblemError::NoLoad);
    assert_eq!(
        refused(&Problem::new(GRID, 0.4).with_load_case([load.clone()])),
        ProblemError::NoSupport
    );

    let loaded = clamped().with_load_case([load.clone()]);
    assert_eq!(refused(&loaded.clone().with_load_case([])), ProblemError::LoadFree { case: 1 });
    let opposite = [load.clone(), (Place::Point([1.0, 0.5]), [0.0, 1.0])];
    assert_eq!(
        refused(&loaded.clone().with_load_case(opposite)),
        ProblemError::LoadFree { case: 1 }
    );
    let zero = [(Place::Point([1.0, 0.5]), [0.0, 0.0])];
    assert_eq!(refused(&clamped().with_load_case(zero)), ProblemError::LoadFree { case: 0 });
    let on_support = [(Place::Point([0.0, 0.5]), DOWN)];
    assert_eq!(
        refused(&clamped().with_load_case(on_support)),
        ProblemError::LoadOnSupport { case: 0 }
    );
}

#[test]
fn free_motions_are_named() {
    let load = (Place::Point([1.0, 0.5]), DOWN);
    let top = || Place::Edge(Side::Top);
    let corner = || Place::Point([0.0, 1.0]);
    let held = |supports: &[(Place, Fix)]| {
        let mut problem = Problem::new(GRID, 0.4).with_load_case([load.clone()]);
        for (at, fix) in supports {
            problem = problem.with_support(at.clone(), *fix);
        }
        problem.validate()
    };
    let free = |motion| Err(ProblemError::Unsupported { case: 0, motion });
    assert_eq!(held(&[(top(), Fix::Y)]), free(Motion::SlideX));
    assert_eq!(held(&[(top(), Fix::X)]), free(Motion::SlideY));
    assert_eq!(held(&[(corner(), Fix::Xy)]), free(Motion::Turn));
    // A hinge and a roller whose line of action goes through the hinge.
    assert_eq!(
        held(&[(corner(), Fix::Xy), (Place::Point([0.0, 0.0]), Fix::Y)]),
        free(Motion::Turn)
    );
    assert_eq!(held(&[(corner(), Fix::Xy), (Place::Point([0.0, 0.0]), Fix::X)]), Ok(()));
    assert_eq!(held(&[(corner(), Fix::Xy), (Place::Point([1.0, 1.0]), Fix::Y)]), Ok(()));
}

#[test]
fn void_is_no_support_and_carries_no_load() {
    let load = (Place::Point([1.0, 0.5]), DOWN);
    let loaded = clamped().with_load_case([load]);
    let void = |x0, x1| Shape::Rectangle { min: [x0, 0.0], max: [x1, 1.0] };
    for kind in [PassiveKind::Void, PassiveKind::Outside] {
        let gap = loaded.clone().with_passive(kind, void(0.4, 0.6));
        assert_eq!(refused(&gap), ProblemError::Unsupported { case: 0, motion: Motion::SlideX });
        let tip = loaded.clone().with_passive(kind, void(0.8, 1.0));
        assert_eq!(
            refused(&tip),
            ProblemError::LoadOnVoid { case: 0, load: 0, column: 12, row: 3 }
        );
        assert_eq!(
            refused(&loaded.clone().with_passive(kind, void(0.0, 1.0))),
            ProblemError::NothingFree
        );
    }
    // Two parts of a gap with solid between them.
    let part = |y0, y1| Shape::Rectangle { min: [0.4, y0], max: [0.6, y1] };
    let bridged = loaded
        .with_passive(PassiveKind::Void, part(0.5, 1.0))
        .with_passive(PassiveKind::Solid, part(0.0, 0.5));
    assert_eq!(bridged.validate(), Ok(()));
}

#[test]
fn later_regions_paint_over_earlier_ones() {
    // A solid ring around a hole: the disc first, then what is cut out of it.
    let grid = Grid { nelx: 40, nely: 20 };
    let disc = |radius| Shape::Circle { center: [0.5, 0.5], radius };
    let ring = Problem::cantilever(grid, 0.4)
        .with_passive(PassiveKind::Solid, disc(0.3))
        .with_passive(PassiveKind::Void, disc(0.2));
    let passive = ring.nodal().unwrap().passive;
    assert_eq!(passive[(10, 20)], Some(PassiveKind::Void));
    assert_eq!(passive[(10, 25)], Some(PassiveKind::Solid));
    assert_eq!(passive[(10, 27)], None);
    // The other way round the disc hides the hole.
    let mut hidden = ring;
    hidden.passive.reverse();
    assert_eq!(hidden.nodal().unwrap().passive[(10, 20)], Some(PassiveKind::Solid));
}

#[test]
fn a_picture_is_a_region_at_every_resolution() {
    let rows = ["####", "#..#"].map(str::to_owned).to_vec();
    let outside = Shape::Cells { rows };
    for (nelx, nely) in [(8, 4), (16, 6)] {
        let problem = Problem::new(Grid { nelx, nely }, 0.5)
            .with_support(Place::Edge(Side::Bottom), Fix::Xy)
            .with_load_case([(Place::Point([0.5, 0.5]), DOWN)])
            .with_passive(PassiveKind::Outside, outside.clone());
        let passive = problem.nodal().unwrap().passive;
        for ((i, j), kind) in passive.indexed_iter() {
            let free = nely <= 2 * i && (nelx..3 * nelx).contains(&(4 * j));
            assert_eq!(kind.is_none(), free, "row {i}, column {j} of {nelx} x {nely}");
        }
        assert_eq!(Problem::from_toml(&problem.to_toml()), Ok(problem));
    }
    let uneven = ["##", "#"].map(str::to_owned).to_vec();
    let loaded = clamped().with_load_case([(Place::Point([1.0, 0.5]), DOWN)]);
    let error =
        refused(&loaded.clone().with_passive(PassiveKind::Void, Shape::Cells { rows: uneven }));
    assert_eq!(error, ProblemError::Picture { region: 0, row: 1, text: "#".into() });
    refused(&loaded.with_passive(PassiveKind::Void, Shape::Cells { rows: Vec::new() }));
}

#[test]
fn a_force_may_be_an_angle_and_a_magnitude() {
    let text = clamped().with_load_case([(Place::Point([1.0, 0.5]), DOWN)]).to_toml();
    let with = |force: &str| {
        let line = text.lines().find(|line| line.starts_with("force")).unwrap();
        Problem::from_toml(&text.replace(line, &format!("force = {force}")))
            .map(|problem| problem.load_cases[0].loads[0].force)
    };
    let near = |force: [f64; 2], [x, y]: [f64; 2]| {
        (force[0] - x).abs() < 1e-12 && (force[1] - y).abs() < 1e-12
    };
    assert!(near(with("{ angle = 90, magnitude = 2 }").unwrap(), [0.0, -2.0]));
    assert!(near(with("{ angle = 0 }").unwrap(), [1.0, 0.0]));
    assert!(near(with("{ angle = -45.0 }").unwrap(), [0.5_f64.sqrt(), 0.5_f64.sqrt()]));
    for (wrong, word) in [
        ("{ angel = 90 }", "angel"),
        ("{ magnitude = 2 }", "angle"),
        ("{ angle = \"down\" }", "angle"),
        ("[1.0]", "[x, y]"),
        ("[1.0, 2.0, 3.0]", "[x, y]"),
    ] {
        let message = with(wrong).unwrap_err().to_string();
        assert!(message.contains(word), "{word} is not in {message}");
    }
    // A condition may be the angle.
    let line = text.lines().find(|line| line.starts_with("force")).unwrap();
    let named = text.replace(line, "force = { angle = \"$load_angle\" }");
    let problem = Problem::from_toml_with(&named, |name| (name == "load_angle").then_some(180.0));
    assert!(near(problem.unwrap().load_cases[0].loads[0].force, [-1.0, 0.0]));
}

#[test]
fn springs_weights_and_self_weight_are_checked() {
    let good = clamped().with_load_case([(Place::Point([1.0, 0.5]), DOWN)]);
    let tip = || Place::Point([1.0, 1.0]);
    refused_number(&good.clone().with_spring(tip(), [-1.0, 0.0]), "the x stiffness of spring 0");
    refused_number(
        &good.clone().with_spring(tip(), [0.0, f64::NAN]),
        "the y stiffness of spring 0",
    );
    let mut unweighted = good.clone();
    unweighted.load_cases[0].weight = 0.0;
    refused_number(&unweighted, "the weight of load case 0");
    refused_number(&good.with_self_weight([f64::INFINITY, 0.0]), "the x component of self_weight");
    // Springs hold, and a structure that only carries itself needs no load.
    let sprung = Problem::new(GRID, 0.4)
        .with_load_case([(tip(), DOWN)])
        .with_spring(Place::Edge(Side::Left), [1.0, 1.0]);
    assert_eq!(sprung.validate(), Ok(()));
    assert_eq!(clamped().with_self_weight(DOWN).validate(), Ok(()));
    assert_eq!(refused(&clamped().with_self_weight([0.0, 0.0])), ProblemError::NoLoad);
    let loose = Shape::Rectangle { min: [0.4, 0.0], max: [0.6, 1.0] };
    let loose = clamped().with_self_weight(DOWN).with_passive(PassiveKind::Void, loose);
    assert_eq!(refused(&loose), ProblemError::Unsupported { case: 0, motion: Motion::SlideX });
    let all = sprung.with_self_weight([0.1, -0.2]);
    assert_eq!(Problem::from_toml(&all.to_toml()), Ok(all));
}

#[test]
fn one_element_is_no_design_task() {
    let problem = Problem::mbb(Grid { nelx: 1, nely: 1 }, 0.5);
    assert_eq!(refused(&problem), ProblemError::OneElement);
    let mut optimizer = topo_simp::Optimizer::new(problem.grid).unwrap();
    let solved = optimizer.optimize(&problem, &topo_simp::Options::default());
    assert_eq!(solved, Err(ProblemError::OneElement.into()));
}

#[test]
fn impossible_volumes_are_refused() {
    let loaded = clamped().with_load_case([(Place::Point([1.0, 1.0]), DOWN)]);
    let upper = Shape::Rectangle { min: [0.0, 0.0], max: [1.0, 0.5] };
    let solid = loaded.clone().with_passive(PassiveKind::Solid, upper.clone());
    assert_eq!(
        refused(&solid),
        ProblemError::Volume {
            volume_fraction: 0.4,
            least: 0.5,
            most: 1.0,
            kind: PassiveKind::Solid
        }
    );
    let void =
        Problem { volume_fraction: 0.6, ..loaded.with_passive(PassiveKind::Void, upper.clone()) };
    assert_eq!(
        refused(&void),
        ProblemError::Volume {
            volume_fraction: 0.6,
            least: 0.0,
            most: 0.5,
            kind: PassiveKind::Void
        }
    );
    // Outside the domain is not part of the volume.
    let mut outside = void;
    outside.passive[0].kind = PassiveKind::Outside;
    assert_eq!(outside.validate(), Ok(()));
}

#[test]
fn messages_say_what_to_do() {
    assert_eq!(
        refused(&clamped()).to_string(),
        "no load: add at least one [[load_cases]] with a load, or self_weight"
    );
    let slide = Problem::mbb(GRID, 0.5);
    let slide = Problem { supports: slide.supports[..1].to_vec(), ..slide };
    assert_eq!(
        refused(&slide).to_string(),
        "the part under load case 0 can still slide up and down: a support is missing"
    );
    let bracket = Problem::l_bracket(Grid { nelx: 10, nely: 10 }, 0.4, BracketLoad::Mid);
    let bad = bracket.with_load_case([(Place::Point([1.0, 0.0]), DOWN)]);
    let message = refused(&bad).to_string();
    assert!(message.contains("acts on void, at node [10, 0], counted from [0, 0]"), "{message}");
}

fn point() -> impl Strategy<Value = [f64; 2]> {
    [0.0..=1.0, 0.0..=1.0]
}

fn side() -> impl Strategy<Value = Side> {
    prop::sample::select(vec![Side::Left, Side::Right, Side::Top, Side::Bottom])
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        point().prop_map(Place::Point),
        [0..=12_usize, 0..=6_usize].prop_map(Place::Node),
        side().prop_map(Place::Edge),
        (side(), 0.0..=1.0, 0.0..=1.0).prop_map(|(side, from, to)| Place::Segment {
            side,
            from,
            to
        }),
        (point(), point()).prop_map(|(min, max)| Place::Area { min, max }),
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        (point(), point()).prop_map(|(min, max)| Shape::Rectangle { min, max }),
        (point(), 0.0..1.0).prop_map(|(center, radius)| Shape::Circle { center, radius }),
        (point(), point()).prop_map(|(center, radii)| Shape::Ellipse { center, radii }),
        prop::collection::vec(point(), 0..5).prop_map(|corners| Shape::Polygon { corners }),
    ]
}

prop_compose! {
    fn any_problem()(
        name in prop::option::of("[a-z ]{0,8}"),
        volume_fraction in 0.0..1.0,
        thickness in 0.0..1e6,
        supports in prop::collection::vec((place(), prop::sample::select(vec![Fix::X, Fix::Y, Fix::Xy])), 0..4),
        cases in prop::collection::vec(prop::collection::vec((place(), [-1e3..1e3, -1e3..1e3]), 0..3), 0..3),
        passive in prop::collection::vec(
            (prop::sample::select(vec![PassiveKind::Solid, PassiveKind::Void, PassiveKind::Outside]), shape()), 0..3),
    ) -> Problem {
        let mut problem = Problem { name, thickness, ..Problem::new(GRID, volume_fraction) };
        for (at, fix) in supports {
            problem = problem.with_support(at, fix);
        }
        for loads in cases {
            problem = problem.with_load_case(loads);
        }
        for (kind, shape) in passive {
            problem = problem.with_passive(kind, shape);
        }
        problem
    }
}

proptest! {
    #[test]
    fn any_problem_round_trips_through_toml_and_json(problem in any_problem()) {
        let toml: Problem = toml::from_str(&problem.to_toml()).unwrap();
        prop_assert_eq!(&toml, &problem);
        let json: Problem = serde_json::from_str(&serde_json::to_string(&problem).unwrap()).unwrap();
        prop_assert_eq!(&json, &problem);
    }

    /// Whatever a problem says, it is solved or refused; nothing panics.
    #[test]
    fn any_problem_is_solved_or_refused(problem in any_problem()) {
        let options = topo_simp::Options { max_iterations: 2, ..topo_simp::Options::default() };
        let solved = topo_simp::optimize(&problem, &options);
        match problem.validate() {
            Ok(()) => prop_assert!(solved.unwrap().compliance > 0.0),
            Err(error) => prop_assert_eq!(solved, Err(error.into())),
        }
    }
}
