//! The data-set folder of a generation.

use std::{collections::BTreeMap, path::Path};

use ndarray::{Array2, Array3};
use serde_json::{Map, json};
use vae_data::{
    Condition, DataSetWriter, Details, Element, FREE, Masks, Metadata, Mirror, MirrorRule,
    Problems, Table,
};

use super::{
    candidate::Candidate,
    report::{GENERATOR, GenerateReport},
    spec::GenerateSpec,
};
use crate::{error::Result, families::Family, judging::Domain};

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
    groups: &BTreeMap<usize, u32>,
    kept: &[(&Candidate, f64)],
    report: &GenerateReport,
    out: &Path,
) -> Result<()> {
    let iterates = spec.keep_iterates.is_some();
    let mut columns = family.conditions();
    columns.extend(iterates.then_some(("iterate", "")));
    let mut values = Array2::zeros((kept.len(), columns.len()));
    for (mut row, (candidate, _)) in values.rows_mut().into_iter().zip(kept) {
        let iterate = candidate.iterate.map(|iterate| iterate as f64);
        let stated = family.values(candidate.problem).into_iter().chain(iterate);
        row.iter_mut().zip(stated).for_each(|(to, value)| *to = value as f32);
    }
    let conditions = conditions(spec, family, groups, &columns, &values)?;
    let details = Details {
        metadata: metadata(spec, family, report),
        conditions,
        values,
        groups: Some(renumbered(groups, kept)),
        masks: masks(spec, family, kept)?,
        results: Some(results(kept)),
        problems: Problems::PerDesign(problems(spec, family, kept)?),
    };
    let mut writer = DataSetWriter::create(out, (spec.height, spec.width), Element::U8)?;
    for (candidate, _) in kept {
        writer.push(&candidate.densities())?;
    }
    writer.finish(details)?;
    Ok(())
}

/// Ranges and mirror rules of the conditions.
fn conditions(
    spec: &GenerateSpec,
    family: &Family,
    groups: &BTreeMap<usize, u32>,
    columns: &[(&str, &str)],
    values: &Array2<f32>,
) -> Result<Vec<Condition>> {
    let problems: Vec<usize> = groups.keys().copied().collect();
    let rules = |mirror| -> Result<Vec<Option<MirrorRule>>> {
        let shape = (spec.height, spec.width);
        let Some(rules) = family.mirror_rules(&problems, shape, mirror)? else {
            return Ok(vec![None; columns.len()]);
        };
        // Iterates of a mirrored run are the mirrored iterates.
        let iterate = spec.keep_iterates.map(|_| MirrorRule::Same);
        Ok(rules.into_iter().chain(iterate).map(Some).collect())
    };
    let rules = rules(Mirror::X)?.into_iter().zip(rules(Mirror::Y)?);
    let columns = columns.iter().zip(values.columns()).zip(rules);
    Ok(columns
        .map(|(((name, unit), column), (mirror_x, mirror_y))| Condition {
            mirror_x,
            mirror_y,
            ..Condition::covering(name, unit, column)
        })
        .collect())
}

/// `dataset.json`: how to make the set again, and what was left out.
fn metadata(spec: &GenerateSpec, family: &Family, report: &GenerateReport) -> Metadata {
    let counts = json!({
        "problems": report.problems,
        "candidates": report.candidates,
        "kept": report.kept,
        "groups": report.groups,
        "weak": report.weak,
        "cut_away": report.cut_away,
        "rejected": report.rejected,
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
        generator: Some(GENERATOR.to_owned()),
        command: Some(report.command.clone()),
        seed: Some(spec.seed),
        extra,
    }
}

/// The groups of the kept designs, numbered without gaps in the order of their problems.
fn renumbered(groups: &BTreeMap<usize, u32>, kept: &[(&Candidate, f64)]) -> Vec<u32> {
    let of_designs: Vec<u32> =
        kept.iter().map(|(candidate, _)| groups[&candidate.problem]).collect();
    let mut numbers: BTreeMap<u32, u32> = of_designs.iter().map(|&group| (group, 0)).collect();
    for (number, group) in (0..).zip(numbers.values_mut()) {
        *group = number;
    }
    of_designs.iter().map(|group| numbers[group]).collect()
}

/// The masks: one for all if all are the same, `None` if every element is free.
fn masks(
    spec: &GenerateSpec,
    family: &Family,
    kept: &[(&Candidate, f64)],
) -> Result<Option<Masks>> {
    let mut masks: Vec<Option<Vec<u8>>> = Vec::with_capacity(kept.len());
    for (i, (candidate, _)) in kept.iter().enumerate() {
        let same = i > 0 && kept[i - 1].0.problem == candidate.problem;
        let mask = if same {
            masks[i - 1].clone()
        } else {
            let problem = family.problem(candidate.problem, spec.height, spec.width)?;
            Domain::of(&problem)?.mask()
        };
        masks.push(mask);
    }
    let free = || vec![FREE; spec.height * spec.width];
    if masks.iter().all(Option::is_none) {
        return Ok(None);
    }
    let shape = (spec.height, spec.width);
    let masks: Vec<Vec<u8>> = masks.into_iter().map(|mask| mask.unwrap_or_else(free)).collect();
    if masks.windows(2).all(|pair| pair[0] == pair[1]) {
        let shared = Array2::from_shape_fn(shape, |(i, j)| masks[0][i * shape.1 + j]);
        return Ok(Some(Masks::Shared(shared)));
    }
    let each = Array3::from_shape_fn((masks.len(), shape.0, shape.1), |(n, i, j)| {
        masks[n][i * shape.1 + j]
    });
    Ok(Some(Masks::PerDesign(each)))
}

/// One line of JSON per design.
fn problems(
    spec: &GenerateSpec,
    family: &Family,
    kept: &[(&Candidate, f64)],
) -> Result<Vec<String>> {
    let text = |candidate: &Candidate| {
        let problem = family.problem(candidate.problem, spec.height, spec.width)?;
        Ok(serde_json::to_string(&problem).unwrap_or_default())
    };
    kept.iter().map(|(candidate, _)| text(candidate)).collect()
}

/// `results.csv`; numbers are rounded to nine digits, more than any comparison across machines can
/// use.
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
