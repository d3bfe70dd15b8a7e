//! Published results of the classic codes, reproduced.
//!
//! Sources: `MSolve` = github.com/isaar/MSolve,
//! `ISAAR.MSolve.Optimization.Structural.Tests/Topology/SIMP/ TopologySimp99LinesTests.cs`;
//! `qBraid` = github.com/qBraid/open-simulation-examples, `topology-optimization` (the authors'
//! unmodified code in Octave); `topoptlab` = github.com/stefanhiemer/topoptlab, `tests/`;
//! `topopt-hw` = github.com/tysunseven/topopt-hw.
//!
//! Tolerances: 1e-6 relative for the first 20 iterations; 1e-4 for the last value, with the same
//! number of iterations, on the coarse meshes; 1 % and a few iterations more or less on the fine
//! ones, where late steps of the optimality criteria oscillate and amplify the round-off in which
//! two linear solvers differ.

use ndarray::Array2;
use topo_simp::{
    BracketLoad, Filter, Grid, Options, Problem, Solution, analyze, compliance, optimize,
};

/// All objective values of the 99-line code, half MBB beam 60 × 20, volume fraction 0.5, radius
/// 1.5. Source: `MSolve`.
const MBB99_HISTORY: [f64; 94] = [
    1007.0221077739,
    579.5597996395,
    412.5077544968,
    343.9883378073,
    322.0344413300,
    308.4706441855,
    298.5663741370,
    289.0954086264,
    280.6621712319,
    272.6552677735,
    265.3879215834,
    257.3357660875,
    248.5522595584,
    239.6383605602,
    232.2492910000,
    226.8881259681,
    222.7741557552,
    219.1685979726,
    215.7808219590,
    212.4871275855,
    209.8967509607,
    208.4453911762,
    207.6186619678,
    206.8286073982,
    206.2165460520,
    205.6797624859,
    205.3860265680,
    205.2792282918,
    205.2036531370,
    205.1364112880,
    205.0504324839,
    204.9721946517,
    204.8797879878,
    204.7946202261,
    204.6801287848,
    204.5780757746,
    204.5108212174,
    204.4584196387,
    204.4346922851,
    204.4153156607,
    204.4003966915,
    204.3651643531,
    204.3433804827,
    204.3182686879,
    204.2806455407,
    204.2370937897,
    204.2080892859,
    204.1580543438,
    204.1192294874,
    204.0831242101,
    204.0464827613,
    204.0069076953,
    203.9660031619,
    203.9233722869,
    203.8840008611,
    203.8439420170,
    203.8088419596,
    203.7829012778,
    203.7561308102,
    203.7315369931,
    203.7126382407,
    203.6960699182,
    203.6704306112,
    203.6601799424,
    203.6451914557,
    203.6217600500,
    203.5993675987,
    203.5830253410,
    203.5567458841,
    203.5422949406,
    203.5355981337,
    203.5207013382,
    203.5124652445,
    203.5005096659,
    203.4899429205,
    203.4860402865,
    203.4764533125,
    203.4670241037,
    203.4591931267,
    203.4502780887,
    203.4481317111,
    203.4370046665,
    203.4344554090,
    203.4178128204,
    203.4131747941,
    203.3943491471,
    203.3892304549,
    203.3808469626,
    203.3713921064,
    203.3578766315,
    203.3419123647,
    203.3334938592,
    203.3237563148,
    203.3060616186,
];

#[track_caller]
fn check(problem: &Problem, options: &Options, compliance: f64, iterations: usize) -> Solution {
    let solution = optimize(problem, options).expect("a valid problem");
    assert_close(solution.compliance, compliance, 1e-4);
    assert_eq!(solution.iterations, iterations);
    assert!(solution.converged());
    solution
}

#[track_caller]
fn check_fine(problem: &Problem, options: &Options, compliance: f64, iterations: usize) {
    let solution = optimize(problem, options).expect("a valid problem");
    assert_close(solution.compliance, compliance, 1e-2);
    assert!(
        solution.iterations.abs_diff(iterations) <= 5,
        "{} iterations against {iterations}",
        solution.iterations
    );
    assert!(solution.converged());
}

#[track_caller]
fn check_history(history: &[f64], expected: &[f64]) {
    for (k, (got, expected)) in history.iter().zip(expected).enumerate().take(20) {
        assert!(
            (got / expected - 1.0).abs() < 1e-6,
            "iteration {}: {got} against {expected}",
            k + 1
        );
    }
}

#[track_caller]
fn assert_close(got: f64, expected: f64, relative: f64) {
    assert!((got / expected - 1.0).abs() <= relative, "{got} against {expected}");
}

fn grid(nelx: usize, nely: usize) -> Grid {
    Grid { nelx, nely }
}

// The 99-line code.

#[test]
fn mbb_99_lines() {
    let solution =
        check(&Problem::mbb(grid(60, 20), 0.5), &Options::top99(1.5), 203.3060616186, 94);
    check_history(&solution.history, &MBB99_HISTORY);
    for (k, (got, expected)) in solution.history.iter().zip(MBB99_HISTORY).enumerate() {
        assert!((got - expected).abs() < 1e-6, "iteration {}: {got} against {expected}", k + 1);
    }
    assert_close(solution.compliance_returned, 203.298039, 1e-6);
}

#[test]
fn cantilever_99_lines() {
    let solution =
        check(&Problem::cantilever(grid(32, 20), 0.4), &Options::top99(1.2), 57.3491630698, 71);
    let published = [
        429.2330474336,
        254.3009164179,
        178.5784401160,
        140.4462442231,
        122.9623005009,
        107.8651217652,
        95.8505642454,
        85.8912909662,
        78.6566669333,
        73.7832456086,
    ];
    check_history(&solution.history, &published);
}

#[test]
fn two_loads_99_lines() {
    let solution =
        check(&Problem::two_loads(grid(30, 30), 0.4), &Options::top99(1.2), 61.2879997329, 76);
    let published = [
        445.4931968905,
        269.4398266551,
        206.2288018075,
        173.3365748825,
        148.7277106959,
        121.7785005410,
        96.7196190100,
        80.1278584879,
        71.6231799623,
        67.5616293945,
    ];
    check_history(&solution.history, &published);
}

#[test]
fn hole_99_lines() {
    let solution =
        check(&Problem::hole(grid(45, 30), 0.5), &Options::top99(1.5), 52.1079769128, 34);
    let published = [
        370.8613052581,
        136.5205784542,
        79.2534024658,
        61.1468154986,
        56.0035596005,
        53.9558359252,
        53.0247359134,
        52.6095598968,
        52.4033536890,
        52.3002773050,
    ];
    check_history(&solution.history, &published);
}

// The 88-line code.

#[test]
fn mbb_88_lines() {
    let problem = Problem::mbb(grid(60, 20), 0.5);
    let solution = check(&problem, &Options::top88(Filter::Sensitivity, 2.4), 216.813663, 106);
    assert_close(solution.history[0], 1007.0221007111, 1e-9);
    assert_close(solution.compliance_returned, 216.770780, 1e-6);
    let solution = check(&problem, &Options::top88(Filter::Density, 2.4), 233.714573, 144);
    assert_close(solution.compliance_returned, 233.713201, 1e-6);
}

#[test]
fn cantilever_88_lines() {
    let problem = Problem::cantilever(grid(32, 20), 0.4);
    let solution = check(&problem, &Options::top88(Filter::Sensitivity, 1.2), 57.280521, 72);
    assert_close(solution.compliance_returned, 57.281146, 1e-6);
    let solution = check(&problem, &Options::top88(Filter::Density, 1.2), 60.444142, 94);
    assert_close(solution.compliance_returned, 60.441827, 1e-6);
}

#[test]
fn topoptlab_60_20() {
    let options = Options::top88(Filter::Sensitivity, 2.4);
    check(&Problem::cantilever(grid(60, 20), 0.5), &options, 208.4429354, 169);
    check(&Problem::two_loads(grid(60, 20), 0.5), &options, 510.3727841, 45);
    check(&Problem::hole(grid(60, 20), 0.5), &options, 221.9720564, 38);
}

#[test]
fn mbb_88_lines_120_40() {
    let problem = Problem::mbb(grid(120, 40), 0.5);
    check_fine(&problem, &Options::top88(Filter::Sensitivity, 4.8), 219.1707, 93);
    check_fine(&problem, &Options::top88(Filter::Density, 4.8), 236.2088, 158);
}

#[test]
fn mbb_88_lines_150_50() {
    let problem = Problem::mbb(grid(150, 50), 0.5);
    check_fine(&problem, &Options::top88(Filter::Sensitivity, 6.0), 219.5199, 95);
    check_fine(&problem, &Options::top88(Filter::Density, 6.0), 235.7337, 362);
}

// The 110-line code.

/// Source of compliance: the README of topax (github.com/xwpken/topax); of the iterations: an
/// independent recomputation.
#[test]
fn mbb_heaviside() {
    let problem = Problem::mbb(grid(60, 20), 0.5);
    let solution = check(&problem, &Options::top110(1.8), 189.140542, 409);
    assert_close(solution.compliance, 189.1405, 1e-6);
    assert!(solution.greyness < 0.01);
}

// Values of this project; no public source.

#[test]
fn two_loads_88_lines() {
    let problem = Problem::two_loads(grid(30, 30), 0.4);
    check(&problem, &Options::top88(Filter::Sensitivity, 1.2), 61.211404, 76);
    check(&problem, &Options::top88(Filter::Density, 1.2), 64.886973, 39);
}

#[test]
fn l_bracket() {
    let bracket = |load| Problem::l_bracket(grid(50, 50), 0.4, load);
    for (load, first, sensitivity, density) in [
        (BracketLoad::Mid, 1848.85234730, (231.9099, 55), (249.7748, 124)),
        (BracketLoad::Corner, 1926.30655070, (237.1421, 27), (254.5890, 64)),
    ] {
        let problem = bracket(load);
        let solution = check(
            &problem,
            &Options::top88(Filter::Sensitivity, 2.0),
            sensitivity.0,
            sensitivity.1,
        );
        assert_close(solution.history[0], first, 1e-9);
        check(&problem, &Options::top88(Filter::Density, 2.0), density.0, density.1);
    }
}

// Finite elements only.

#[test]
fn first_solves() {
    let cases = [
        (Problem::mbb(grid(60, 20), 0.5), 1007.0221077739),
        (Problem::cantilever(grid(32, 20), 0.4), 429.2330474336),
        (Problem::two_loads(grid(30, 30), 0.4), 445.4931968905),
        (Problem::hole(grid(45, 30), 0.5), 370.8613052581),
    ];
    for (problem, expected) in cases {
        let options = Options { max_iterations: 1, ..Options::top99(1.5) };
        let solution = optimize(&problem, &options).unwrap();
        assert_close(solution.compliance, expected, 1e-10);
        assert!(!solution.converged());
    }
    let grey = Array2::from_elem((20, 60), 0.5);
    assert_close(
        compliance(&Problem::mbb(grid(60, 20), 0.5), grey.view(), 3.0).unwrap(),
        1007.0221007111,
        1e-10,
    );
}

#[test]
fn one_solid_element() {
    // github.com/cmccomb/topopt-rs states, from the upper left node down and then to the right, [0,
    // -5.6222, 0, -4.6222, 1.7222, -1, -2.3222, 0] in a frame with y down: its force points up in
    // the picture. With y up and the force down, the vertical components are the same and the
    // horizontal ones change sign.
    let analysis =
        analyze(&Problem::mbb(grid(1, 1), 0.5), Array2::ones((1, 1)).view(), 3.0).unwrap();
    let expected = [[[0.0, -5.6222], [-1.7222, -1.0]], [[0.0, -4.6222], [2.3222, 0.0]]];
    for (r, row) in expected.iter().enumerate() {
        for (c, node) in row.iter().enumerate() {
            for (axis, value) in node.iter().enumerate() {
                assert!(
                    (analysis.displacements[0][[r, c, axis]] - value).abs() < 1e-4,
                    "row {r}, column {c}, axis {axis}"
                );
            }
        }
    }
}
