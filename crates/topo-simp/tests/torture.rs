//! Damaged problems are refused or read, never a panic or a flood of memory.

use topo_simp::{BracketLoad, Fix, Grid, NamedProblem, PassiveKind, Place, Problem, Shape, Side};
use vae_torture::Campaign;

const GRID: Grid = Grid { nelx: 12, nely: 8 };

/// A problem that uses every part of the schema.
fn full() -> Problem {
    Problem::new(GRID, 0.4)
        .with_support(Place::Edge(Side::Left), Fix::Xy)
        .with_support(Place::Segment { side: Side::Bottom, from: 0.25, to: 0.5 }, Fix::Y)
        .with_load_case([(Place::Point([1.0, 0.5]), [0.0, -1.0])])
        .with_load_case([(Place::Area { min: [0.5, 0.0], max: [0.75, 0.25] }, [0.5, 0.0])])
        .with_spring(Place::Node([12, 0]), [0.1, 0.2])
        .with_self_weight([0.0, -0.01])
        .with_passive(PassiveKind::Void, Shape::Circle { center: [0.3, 0.6], radius: 0.15 })
        .with_passive(PassiveKind::Solid, Shape::Rectangle { min: [0.0, 0.0], max: [0.1, 0.1] })
}

/// Whether a problem that was read can also be put on its grid and written.
fn holds(problem: &Problem) -> bool {
    assert_eq!(Problem::from_toml(&problem.to_toml()).as_ref(), Ok(problem));
    GRID.nelx * GRID.nely * 4096 < problem.grid.nelx * problem.grid.nely || problem.nodal().is_ok()
}

#[test]
fn damaged_problems() {
    let whole = [
        full().to_toml(),
        Problem::l_bracket(GRID, 0.4, BracketLoad::Mid).to_toml(),
        "volume_fraction = 0.4\ngrid = { nelx = 8, nely = 4 }\n\n[[supports]]\nat = { edge = \"left\" }\n\
         fix = \"xy\"\n\n[[load_cases]]\nloads = [{ at = { point = [1.0, 0.5] }, force = { angle = 90 } }]\n"
            .to_owned(),
    ];
    full().validate().unwrap();
    Campaign::new("problems", whole.map(String::into_bytes)).run(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        Problem::from_toml(&text).is_ok_and(|problem| holds(&problem))
    });
}

#[test]
fn damaged_problems_with_conditions() {
    let text = full().to_toml().replacen("0.4", "\"$volume_fraction\"", 1);
    assert!(text.contains('$'));
    Campaign::new("problems of conditions", [text.into_bytes()]).run(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        let condition = |name: &str| match name {
            "volume_fraction" => Some(0.4),
            "nothing" => Some(f64::NAN),
            _ => None,
        };
        Problem::from_toml_with(&text, condition).is_ok_and(|problem| holds(&problem))
    });
}

#[test]
fn damaged_problems_in_json() {
    let whole = serde_json::to_string(&full()).expect("a problem has a JSON form");
    Campaign::new("problems in JSON", [whole.into_bytes()]).run(|bytes| {
        let problem = serde_json::from_slice::<Problem>(bytes);
        problem.is_ok_and(|problem| problem.validate().is_ok() && holds(&problem))
    });
}

#[test]
fn damaged_names_of_problems() {
    let whole = ["mbb", "l-bracket", "two-loads"].map(|name| name.as_bytes().to_vec());
    Campaign::new("names of problems", whole)
        .run(|bytes| String::from_utf8_lossy(bytes).parse::<NamedProblem>().is_ok());
}
