//! The data-set folder of a generation.

use std::{collections::BTreeMap, path::Path};

use ndarray::Array2;
use serde_json::{Map, json};
use vae_data::{Condition, DataSetWriter, Details, Element, Metadata, Problems, Table};

use crate::{
    candidate::Candidate,
    error::Result,
    family::Family,
    generate::{GenerateReport, generator},
    spec::GenerateSpec,
};

/// Columns of `results.csv`.
const RESULTS: [&str; 9] = [
    "problem",
    "variant",
    "filter_radius",
    "iterations",
    "compliance",
    "compliance_cut",
    "ratio",
    "greyness",
    "source",
];

/// Writes the kept candidates, each with its compliance after the cut over the best of its problem.
pub(crate) fn write(
    spec: &GenerateSpec,
    family: &Family,
    kept: &[(&Candidate, f64)],
    report: &GenerateReport,
    out: &Path,
) -> Result<()> {
    let values = Array2::from_shape_fn((kept.len(), family.axes.len()), |(design, axis)| {
        family.values(kept[design].0.problem)[axis] as f32
    });
    let conditions = family
        .axes
        .iter()
        .zip(values.columns())
        .map(|(axis, column)| Condition::covering(&axis.name, &axis.unit, column))
        .collect();
    let details = Details {
        metadata: metadata(spec, family, report),
        conditions,
        values,
        groups: Some(groups(family, kept)),
        masks: None,
        results: Some(results(kept)),
        problems: Problems::PerDesign(problems(spec, family, kept)),
    };
    let mut writer = DataSetWriter::create(out, (spec.height, spec.width), Element::U8)?;
    for (candidate, _) in kept {
        writer.push(&candidate.densities())?;
    }
    writer.finish(details)?;
    Ok(())
}

/// `dataset.json`: how to make the set again, and what was left out.
fn metadata(spec: &GenerateSpec, family: &Family, report: &GenerateReport) -> Metadata {
    let counts = json!({
        "problems": report.problems,
        "candidates": report.candidates,
        "kept": report.kept,
        "groups": report.groups,
        "weak": report.weak,
        "broken": report.broken,
        "duplicates": report.duplicates,
        "failures": report.failures,
    });
    let mut extra = Map::new();
    extra.insert("spec".to_owned(), json!(spec));
    extra.insert("family".to_owned(), json!(family));
    extra.insert("counts".to_owned(), counts);
    Metadata {
        name: Some(family.name.clone()),
        description: Some(format!(
            "{} x {} designs of the family `{}`: {}",
            spec.height, spec.width, family.name, family.summary
        )),
        source: Some("computed with topo-simp".to_owned()),
        license: Some("MIT OR Apache-2.0".to_owned()),
        generator: Some(generator()),
        command: Some(spec.command()),
        seed: Some(spec.seed),
        extra,
    }
}

/// The groups, numbered from 0 in the order of their cells.
fn groups(family: &Family, kept: &[(&Candidate, f64)]) -> Vec<u32> {
    let cells: Vec<usize> =
        kept.iter().map(|(candidate, _)| family.group(candidate.problem)).collect();
    let mut numbers: BTreeMap<usize, u32> = cells.iter().map(|&cell| (cell, 0)).collect();
    for (number, group) in (0..).zip(numbers.values_mut()) {
        *group = number;
    }
    cells.iter().map(|cell| numbers[cell]).collect()
}

/// One line of JSON per design.
fn problems(spec: &GenerateSpec, family: &Family, kept: &[(&Candidate, f64)]) -> Vec<String> {
    let text = |candidate: &Candidate| {
        let problem = family.problem(candidate.problem, spec.height, spec.width);
        serde_json::to_string(&problem).unwrap_or_default()
    };
    kept.iter().map(|(candidate, _)| text(candidate)).collect()
}

/// `results.csv`; numbers are rounded to nine digits, more than any comparison across machines can use.
fn results(kept: &[(&Candidate, f64)]) -> Table {
    let mut table = Table::new(&RESULTS);
    for (candidate, ratio) in kept {
        let source = if candidate.variant == 0 { "uniform start" } else { "random start" };
        table.push(&[
            candidate.problem.to_string(),
            candidate.variant.to_string(),
            candidate.filter_radius.to_string(),
            candidate.iterations.to_string(),
            rounded(candidate.compliance),
            rounded(candidate.compliance_cut),
            rounded(*ratio),
            rounded(candidate.greyness),
            source.to_owned(),
        ]);
    }
    table
}

/// A number with nine significant digits.
fn rounded(value: f64) -> String {
    format!("{value:.8e}").parse::<f64>().unwrap_or(value).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_nine_digits() {
        assert_eq!(rounded(123.456_789_123_456), "123.456789");
        assert_eq!(rounded(1.0), "1");
        assert_eq!(rounded(0.012_345_678_912_3), "0.0123456789");
    }
}
