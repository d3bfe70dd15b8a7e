//! What the page is told when it opens.

use serde::Serialize;
use serde_json::json;

use super::atlas::Atlas;
use super::open::Subject;
use crate::frame::{Frame, Plane};

/// A condition that the model is told.
#[derive(Serialize)]
struct Told<'a> {
    name: &'a str,
    unit: String,
    min: f32,
    max: f32,
}

/// The run in words and numbers.
pub(crate) fn about(subject: &Subject, atlas: &Atlas) -> serde_json::Value {
    let config = subject.vae().config();
    let infos = subject.run.data.condition_info();
    let unit = |name: &str| {
        infos
            .iter()
            .find(|info| info.name == name)
            .map_or_else(String::new, |info| info.unit.clone())
    };
    let told: Vec<Told<'_>> = config
        .conditions
        .iter()
        .map(|known| Told {
            name: &known.name,
            unit: unit(&known.name),
            min: known.min,
            max: known.max,
        })
        .collect();
    let columns: Vec<_> =
        infos.iter().map(|info| json!({ "name": info.name, "unit": info.unit })).collect();
    let proposals: Vec<_> = subject
        .proposals
        .iter()
        .map(|one| json!({ "name": one.name, "code": one.code, "conditions": one.conditions }))
        .collect();
    let root = subject.run.folder.root();
    json!({
        "format": 1,
        "name": root.file_name().unwrap_or_default().display().to_string(),
        "data": subject.run.data.name(),
        "rows": config.height,
        "columns": config.width,
        "latent": config.latent_dim,
        "told": told,
        "toldProblem": config.fields.is_some(),
        "statesProblem": matches!(subject.problem_at(&subject.mean_conditions()), Ok(Some(_))),
        "conditions": columns,
        "designs": subject.shown.len(),
        "of": subject.run.data.len(),
        "axes": {
            "mean": subject.axes.mean,
            "directions": subject.axes.directions,
            "shares": subject.axes.shares,
        },
        "variances": subject.axes.variances,
        "region": region(subject),
        "atlas": { "width": atlas.tile.0, "height": atlas.tile.1, "columns": atlas.columns },
        "start": subject.typical(),
        "proposals": proposals,
    })
}

/// The trust region as `|A z + b| ≤ r`; `null` without one.
fn region(subject: &Subject) -> serde_json::Value {
    let Some(region) = &subject.region else { return serde_json::Value::Null };
    let dims = region.latent_dim();
    let offset = region.whiten(&vec![0.0; dims]);
    let columns: Vec<Vec<f64>> = (0..dims)
        .map(|k| {
            let unit: Vec<f64> = (0..dims).map(|i| if i == k { 1.0 } else { 0.0 }).collect();
            region.whiten(&unit).iter().zip(&offset).map(|(u, b)| u - b).collect()
        })
        .collect();
    json!({ "columns": columns, "offset": offset, "radius": region.radius(), "share": subject.share })
}

/// The designs of the map as columns of numbers: codes, conditions, volume, trust, and the part of
/// the split that each belongs to (0 training, 1 validation, 2 test).
pub(crate) fn table(subject: &Subject) -> Frame {
    let n = subject.shown.len();
    let known = subject.run.data.conditions();
    let codes: Vec<f32> = subject.codes.iter().copied().collect();
    let conditions: Vec<f32> =
        subject.shown.iter().flat_map(|&index| known.row(index).to_vec()).collect();
    let told: Vec<f32> = subject.run.designs().conditions(&subject.shown).iter().copied().collect();
    let volume: Vec<f32> =
        subject.designs.outer_iter().map(|design| design.mean().unwrap_or(0.0)).collect();
    let trust: Vec<f32> = match &subject.region {
        Some(region) => {
            let rows = subject.codes.outer_iter();
            rows.map(|code| region.trust(&code.mapv(f64::from).to_vec()) as f32).collect()
        }
        None => vec![f32::NAN; n],
    };
    let split = &subject.run.split;
    let mut part = vec![f32::NAN; subject.run.data.len()];
    for (value, indices) in [(0.0, &split.train), (1.0, &split.validation), (2.0, &split.test)] {
        for &index in indices {
            part[index] = value;
        }
    }
    let part: Vec<f32> = subject.shown.iter().map(|&index| part[index]).collect();
    let position: Vec<f32> = subject.shown.iter().map(|&index| index as f32).collect();
    let column = |name: &'static str, values: Vec<f32>| {
        let width = values.len() / n.max(1);
        Plane::numbers(name, (n, width), values)
    };
    Frame::new(
        json!({ "kind": "table" }),
        vec![
            column("codes", codes),
            column("conditions", conditions),
            column("told", told),
            column("volume", volume),
            column("trust", trust),
            column("part", part),
            column("position", position),
        ],
    )
}
