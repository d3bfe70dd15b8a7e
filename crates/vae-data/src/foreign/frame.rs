//! What is cut off pictures: paper around them, and the axes, ticks, texts and color bars of plots.

use vae_base::{Note, Remedy, text::counted};

use crate::error::ReadingError;
use crate::foreign::choices::Margins;
use crate::foreign::plot::{Area, CLEAR, Drawing, FAINT, Stroke};
use crate::formats::picture::pixels::Picture;

/// What the first look at one picture shows about its margins.
#[derive(Clone, Debug)]
pub(crate) struct Edges {
    paper: [u8; 3],
    /// The area of a plot.
    area: Option<Area>,
    /// Margins of plain paper around everything that is drawn, at least a pixel on every side.
    around: Option<Margins>,
    /// Whether paper shows between these margins too.
    is_paper_inside: bool,
    /// Rows and columns with something drawn in them.
    occupied: (Vec<bool>, Vec<bool>),
}

/// What is cut off the pictures of one size.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cut {
    /// What is cut off each picture, in the order of the pictures.
    pub(crate) margins: Vec<Margins>,
    /// Whether the paper is dark or light, where it is what surrounds the designs themselves.
    pub(crate) paper_is_dark: Option<bool>,
    pub(crate) note: Option<Note>,
}

/// Margins narrower than this on some side are no margins.
const NARROWEST: usize = 2;
/// An empty strip this wide sets something off from the rest.
const GAP: usize = 3;

/// Looks at the margins of one picture; `None` if nothing about it looks like paper.
pub(crate) fn look(picture: &Picture) -> Option<Edges> {
    let colors = picture.colors();
    let tolerance = if picture.lossy { CLEAR } else { FAINT };
    let Some(drawing) = Drawing::of(picture, &colors, tolerance) else {
        // The line around a plot may touch the edge where its ticks and texts do not.
        let drawing = Drawing::on([255; 3], picture, &colors, CLEAR);
        let area = drawing.area(&colors).filter(|area| 0 < area.line && area.has_marks);
        let area = area.or_else(|| drawing.clipped_area(&colors))?;
        let occupied = drawing.occupied();
        let (paper, around) = ([255; 3], None);
        return Some(Edges { paper, area: Some(area), around, is_paper_inside: false, occupied });
    };
    let around = drawing.margins().filter(|margins| drawing.surrounds && 0 < margins.least());
    let clear = || Drawing::of(picture, &colors, CLEAR)?.area(&colors);
    let clipped = || Drawing::of(picture, &colors, CLEAR)?.clipped_area(&colors);
    Some(Edges {
        paper: drawing.paper,
        area: clear().or_else(|| drawing.area(&colors)).or_else(clipped),
        around,
        is_paper_inside: around.is_some_and(|margins| drawing.shows_paper(margins)),
        occupied: drawing.occupied(),
    })
}

/// What is cut off pictures of one size, each given by its edges; `first` names one of them.
///
/// * An area of a plot is cut out of each picture if its colors set it off from the paper, or if a
///   line around it is told from the design by ticks or texts outside, or by standing at the same
///   place in all of several pictures.
/// * Paper around all pictures is cut off if on every side several designs end at the very same
///   line, as they do at the end of their domain; and if the paper shows in no design, or opposite
///   margins differ, as they do around plots. Equal margins that look like void may be parts of the
///   designs.
///
/// # Errors
///
/// [`ReadingError::Margins`] if margins of paper are there, and where they end cannot be told.
pub(crate) fn cut(
    (height, width): (usize, usize),
    first: &str,
    pictures: &[Option<&Edges>],
) -> Result<Cut, ReadingError> {
    let n = pictures.len();
    let none = Cut { margins: vec![Margins::default(); n], ..Cut::default() };
    let of_size = format!("{} of {height} x {width}", counted(n, "picture"));
    let of_all = if n == 1 { of_size.clone() } else { format!("all {of_size}") };
    if let Some(areas) = plots(pictures) {
        if areas.iter().any(|area| 0 < area.twins) {
            let why = "it shows several plots";
            return Err(ReadingError::Margins { file: first.into(), why: why.into(), found: None });
        }
        if areas.iter().any(|area| area.stroke == Stroke::Endless) {
            let why = "the line around the plot cannot be told from the border of the design";
            return Err(ReadingError::Margins { file: first.into(), why: why.into(), found: None });
        }
        let margins: Vec<Margins> = areas.iter().map(|area| area.margins).collect();
        let least = margins.iter().copied().reduce(Margins::narrower).unwrap_or_default();
        let same = margins.iter().all(|margins| *margins == least);
        let marks = if areas.iter().any(|area| area.has_marks) {
            " with ticks, texts or color bars"
        } else {
            ""
        };
        let varies = if same { "" } else { " and more" };
        let note = Note::new(format!(
            "margins of {least}{varies} pixels (top,right,bottom,left) around the plot{marks} are \
             cut off {of_size}"
        ))
        .or(Remedy::set("crop", "none", "keeps them"))
        .or(Remedy::set("crop", "TOP,RIGHT,BOTTOM,LEFT", "cuts off others"));
        return Ok(Cut { margins, note: Some(note), ..none });
    }
    let in_axes = |edges: &&&Edges| edges.area.is_some_and(|area| 0 < area.line && area.has_marks);
    let plots = pictures.iter().flatten().filter(in_axes).count();
    if 0 < plots {
        let why = format!("{plots} of {of_size} show a plot inside axes, and the others do not");
        return Err(ReadingError::Margins { file: first.into(), why, found: None });
    }
    // Pictures of one tone throughout have no margins.
    let seen: Vec<&Edges> =
        pictures.iter().flatten().copied().filter(|edges| edges.is_drawn_on()).collect();
    let around: Option<Vec<Margins>> = if seen.len() == drawn_on(pictures) {
        seen.iter().map(|edges| edges.around).collect()
    } else {
        None
    };
    let Some(least) = around.iter().flatten().copied().reduce(Margins::narrower) else {
        return Ok(none);
    };
    // A line around all pictures, as plotting programs draw it, or a narrow rim of void.
    let is_line = 1 < n && least.sides().iter().all(|(_, width)| *width == 1);
    if (least.least() < NARROWEST && !is_line) || least.inside((height, width)).is_none() {
        return Ok(none);
    }
    let refused = |why: String| ReadingError::Margins {
        file: first.into(),
        why,
        found: Some(least.to_string()),
    };
    if is_line {
        return Err(refused(format!(
            "the outermost line of pixels is of one tone in {of_all}, so it may be a frame or a \
             border of the designs"
        )));
    }
    if let Some(place) = set_apart(&seen) {
        return Err(refused(format!(
            "paper surrounds {of_size}, and something stands apart from the rest at {place}, such \
             as a title or a color bar"
        )));
    }
    let all = around.unwrap_or_default();
    let needed = 2.max(all.len().div_ceil(5));
    for (place, (side, narrowest)) in least.sides().into_iter().enumerate() {
        if all.iter().filter(|margins| margins.sides()[place].1 == narrowest).count() < needed {
            return Err(refused(format!(
                "{least} pixels of paper surround {of_size}, and too few designs end at the same \
                 line at the {side} to tell paper from void"
            )));
        }
    }
    let Margins { top, right, bottom, left } = least;
    let is_even = top.abs_diff(bottom) <= 1 && left.abs_diff(right) <= 1;
    if is_even && seen.iter().any(|edges| edges.is_paper_inside) {
        return Err(refused(format!(
            "{least} pixels (top,right,bottom,left) around {of_all} are of one tone, which the \
             designs have too, so they may be paper or a border of void"
        )));
    }
    let dark = seen.first().is_some_and(|edges| edges.paper.iter().all(|level| *level < 128));
    // Where void ends at other places than paper, it looks like paper.
    let void_is_paper = all.iter().any(|margins| *margins != least);
    let tone = if dark { "dark" } else { "light" };
    let like_void = if void_is_paper { ", although void may look like it" } else { "" };
    let note = Note::new(format!(
        "a {tone} frame of {least} pixels (top,right,bottom,left) around {of_all} is cut \
         off{like_void}"
    ))
    .or(Remedy::set("crop", "none", "keeps it"));
    Ok(Cut {
        margins: vec![least; n],
        paper_is_dark: void_is_paper.then_some(dark),
        note: Some(note),
    })
}

impl Edges {
    fn is_drawn_on(&self) -> bool {
        self.occupied.0.contains(&true)
    }
}

/// Number of pictures that are not paper throughout.
fn drawn_on(pictures: &[Option<&Edges>]) -> usize {
    pictures.iter().filter(|edges| edges.is_none_or(Edges::is_drawn_on)).count()
}

/// The area of each picture, if every one of them shows a plot.
fn plots(pictures: &[Option<&Edges>]) -> Option<Vec<Area>> {
    let areas: Option<Vec<Area>> =
        pictures.iter().map(|edges| edges.as_ref().and_then(|edges| edges.area)).collect();
    let areas = areas?;
    // A line at the same place in several pictures is no part of their designs.
    let line = areas.iter().map(|area| area.line).min()?;
    let first = areas.first()?.margins;
    let together = 1 < areas.len() && areas.iter().all(|area| area.margins == first);
    let told = |area: &Area| {
        // A line without marks is thin, or else it may be a border of the designs.
        let stands_out = area.has_marks || (together && area.stroke == Stroke::Thin);
        (0 < area.line && stands_out)
            || (area.is_set_off && (0 < area.line || stands_out || area.is_colored))
    };
    if !areas.iter().all(told) {
        return None;
    }
    Some(areas.into_iter().map(|area| area.with_line(line)).collect())
}

/// A row or column behind a gap in what is drawn on all pictures together.
fn set_apart(pictures: &[&Edges]) -> Option<String> {
    let union = |of: &dyn Fn(&Edges) -> &Vec<bool>| {
        pictures.iter().fold(Vec::new(), |union: Vec<bool>, edges| {
            let drawn = of(edges);
            if union.is_empty() {
                return drawn.clone();
            }
            union.iter().zip(drawn).map(|(a, b)| *a || *b).collect()
        })
    };
    let rows = union(&|edges| &edges.occupied.0);
    let columns = union(&|edges| &edges.occupied.1);
    let behind_gap = |drawn: &[bool]| {
        let first = drawn.iter().position(|drawn| *drawn)?;
        let last = drawn.iter().rposition(|drawn| *drawn)?;
        let inside = &drawn[first..=last];
        let gap = inside.windows(GAP).position(|window| window.iter().all(|drawn| !drawn))?;
        (first + gap + GAP..=last).find(|place| drawn[*place])
    };
    behind_gap(&rows)
        .map(|row| format!("row {row}"))
        .or_else(|| behind_gap(&columns).map(|column| format!("column {column}")))
}
