//! One file to send on: map, thumbnails, kept designs, a grid of decoded designs, and the numbers.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vae_base::files::read_text;
use vae_study::{Progress, StudyError};

use crate::answers::{Decoded, State, Studio, Which};
use crate::assets::{ASSETS, Asset, INDEX};
use crate::error::{ExploreError, Result};
use crate::frame::{Frame, Plane};
use crate::subject::{Atlas, Results, Subject, about, table};

/// Largest page.
const MOST_BYTES: usize = 10 * 1024 * 1024;
/// Largest size of a session file, in bytes.
const MOST_SESSION: u64 = 64 << 20;
/// Most designs along each side of the grid.
const MOST_SIDE: usize = 17;
/// What the designs of the grid may take of the page.
const GRID_BYTES: usize = 5 * 1024 * 1024;
/// Most kept designs.
const MOST_KEPT: usize = 60;

impl Subject {
    /// One offline page to send on: the map, the designs that a session kept, a grid of decoded
    /// designs that can be dragged through, and the numbers; at most 10 MB.
    ///
    /// `session` is the text of a session as the page saves it; `None` for nothing kept.
    ///
    /// # Errors
    /// [`ExploreError::Session`] for a text that is not a session, [`ExploreError::PageSize`]; if a
    /// design cannot be made or judged.
    pub fn offline_page(
        self,
        session: Option<&Path>,
        mut progress: impl FnMut(Progress),
    ) -> Result<String> {
        let read = |path: &Path| {
            read_text(path, MOST_SESSION).map_err(|source| StudyError::Io {
                action: "read",
                path: path.into(),
                source,
            })
        };
        let session = session.map(read).transpose()?;
        let state = session.as_deref().map(serde_json::from_str::<State>).transpose();
        let state = state.map_err(|error| ExploreError::Session(error.to_string()))?;
        let subject = Arc::new(self);
        let results = Results::new(&subject);
        let total = subject.shown.len() as u64;
        let mut done = 0;
        results.fill(&subject, &AtomicBool::new(false), || {
            progress(Progress { done, total });
            done += 1;
        })?;
        offline_page(&mut Studio::new(subject), &results, state.as_ref())
    }
}

/// Makes the page: `state` is what is open, `results` what mechanics has found of the designs.
///
/// The grid lies on the first two principal axes through the typical design, under its problem, and
/// reaches as far as the designs do.
///
/// # Errors
/// [`ExploreError::PageSize`] for a page of more than 10 MB; if a design cannot be made or judged.
pub(crate) fn offline_page(
    studio: &mut Studio,
    results: &Results,
    state: Option<&State>,
) -> Result<String> {
    let subject = Arc::clone(&studio.subject);
    let atlas = Atlas::draw(&subject.designs)?;
    let (done, columns) = results.columns();
    let planes = columns.map(|(name, values)| Plane::numbers(name, (values.len(), 1), values));
    let found = Frame::new(json!({ "kind": "results", "done": done }), planes.into());
    let kept = state.map_or(&[][..], |state| &state.kept);
    if MOST_KEPT < kept.len() {
        let text = format!("{} kept designs; a page holds {MOST_KEPT}", kept.len());
        return Err(ExploreError::Request(text));
    }
    let (height, width) = subject.size();
    // Two densities of each element and some text, a third more as letters.
    let each = (2 * height * width + 2000) * 4 / 3;
    let side = (GRID_BYTES / each).isqrt().clamp(3, MOST_SIDE);
    let grid = grid(&subject, side)?;
    let mut designs = Vec::with_capacity(grid.len() + kept.len());
    let wanted = grid
        .into_iter()
        .map(|code| Which::Decoded(Box::new(code)))
        .chain(kept.iter().map(|one| one.design.clone()));
    for which in wanted {
        let mut frames = Vec::new();
        studio.answer_whole(&which, |frame| frames.push(STANDARD.encode(frame.to_bytes(0))))?;
        designs.push(json!({ "design": which, "frames": frames }));
    }
    let text = |bytes: &[u8]| STANDARD.encode(bytes);
    let data = json!({
        "about": about(&subject, &atlas),
        "atlas": text(&atlas.png),
        "table": text(&table(&subject).to_bytes(0)),
        "results": text(&found.to_bytes(0)),
        "designs": designs,
        "grid": side * side,
        "state": state.map_or(Value::Null, |state| {
            let mut whole = Value::Object(state.rest.clone());
            whole["kept"] = json!(state.kept);
            whole
        }),
    });
    let page = bundle(&data);
    if MOST_BYTES < page.len() {
        return Err(ExploreError::PageSize { bytes: page.len(), most: MOST_BYTES });
    }
    Ok(page)
}

/// Codes on the first two principal axes around the typical design.
fn grid(subject: &Subject, side: usize) -> Result<Vec<Decoded>> {
    let Some(row) = subject.typical() else {
        return Err(ExploreError::Request("there are no designs".into()));
    };
    let axes = &subject.axes;
    let start = subject.codes.row(row).mapv(f64::from).to_vec();
    let conditions = subject.conditions_of(row);
    let along = |code: &[f64], k: usize| -> f64 {
        let direction = axes.directions.get(k).map_or(&[][..], Vec::as_slice);
        code.iter().zip(&axes.mean).zip(direction).map(|((z, m), d)| (z - m) * d).sum()
    };
    // As far as 98 % of the designs reach.
    let reach = |k: usize| {
        let rows = subject.codes.outer_iter();
        let mut values: Vec<f64> =
            rows.map(|code| along(&code.mapv(f64::from).to_vec(), k)).collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values[(share * (values.len() - 1) as f64).round() as usize];
        (at(0.01), at(0.99))
    };
    let problem = match subject.problem_at(&conditions)? {
        Some(_) => None,
        None => subject.problem_of(row)?,
    };
    let place =
        |(low, high): (f64, f64), i: usize| low + (high - low) * i as f64 / (side - 1) as f64;
    let (across, up) = (reach(0), reach(1));
    let mut codes = Vec::with_capacity(side * side);
    for i in 0..side * side {
        let mut code = start.clone();
        for (k, to) in [(0, place(across, i % side)), (1, place(up, i / side))] {
            if let Some(direction) = axes.directions.get(k) {
                let by = to - along(&start, k);
                code.iter_mut().zip(direction).for_each(|(z, d)| *z += by * d);
            }
        }
        codes.push(Decoded::at(code, conditions.clone(), problem.clone()));
    }
    Ok(codes)
}

/// The page with its style, its script and its data in one file.
fn bundle(data: &Value) -> String {
    let asset = |path: &str| ASSETS.iter().find(|asset| asset.path == path).map_or("", |a| a.text);
    let icon = format!("data:image/svg+xml;base64,{}", STANDARD.encode(asset("/icon.svg")));
    // Inside a script, `</` could end it.
    let data = data.to_string().replace("</", "<\\/");
    let script = format!(
        "<script type=\"application/json\" id=\"offline-data\">{data}</script>\n<script type=\"module\">\n{}\n</script>",
        script()
    );
    INDEX
        .replace(
            "<link rel=\"stylesheet\" href=\"/style.css\">",
            &format!("<style>\n{}</style>", asset("/style.css")),
        )
        .replace("/icon.svg", &icon)
        .replace("<script type=\"module\" src=\"/main.js\"></script>\n", "")
        .replace("</body>", &format!("{script}\n</body>"))
}

/// The modules, each after those that it uses.
fn scripts() -> impl Iterator<Item = &'static Asset> {
    ASSETS.iter().filter(|asset| asset.kind.starts_with("text/javascript"))
}

/// All modules as one: their names are different, so that imports and exports can be left out.
fn script() -> String {
    let mut text = String::new();
    for asset in scripts() {
        for line in asset.text.lines().filter(|line| !line.starts_with("import ")) {
            text.push_str(line.strip_prefix("export ").unwrap_or(line));
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_modules_can_be_one_script() {
        let mut owners: BTreeMap<String, &str> = BTreeMap::new();
        let mut known: Vec<&str> = Vec::new();
        for asset in scripts() {
            for line in asset.text.lines() {
                if let Some(module) = line.strip_prefix("import ").and_then(|l| l.split('"').nth(1))
                {
                    // A module comes after those that it uses.
                    assert!(known.contains(&module), "{} imports {module}", asset.path);
                }
                let bare = line.strip_prefix("export ").unwrap_or(line);
                let bare = bare.strip_prefix("async ").unwrap_or(bare);
                for keyword in ["const ", "let ", "class ", "function "] {
                    let Some(rest) = bare.strip_prefix(keyword) else { continue };
                    let name = rest.trim_start_matches('[');
                    for name in name.split(['=', '(', '{']).next().unwrap().split(", ") {
                        let name: String =
                            name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                        let other = owners.insert(name.clone(), asset.path);
                        assert!(other.is_none(), "{name} in {} and {}", asset.path, other.unwrap());
                    }
                }
            }
            known.push(Box::leak(format!(".{}", asset.path).into_boxed_str()));
        }
        assert!(60 < owners.len(), "{}", owners.len());
        let script = script();
        assert!(!script.contains("\nimport ") && !script.contains("\nexport "));
    }

    #[test]
    fn nothing_is_left_to_fetch() {
        let page = bundle(&json!({ "text": "</script>" }));
        for outside in ["src=\"/", "href=\"/", "http://", "https://"] {
            let allowed = page.replace("http://www.w3.org/2000/svg", "");
            assert!(!allowed.contains(outside), "{outside}");
        }
        assert_eq!(page.matches("</script>").count(), 2);
    }
}
