//! Pages: markup that closes, names that stay names, files that are whole or absent.

use std::fs;
use std::path::Path;

use vae_report::{Block, Item, Page, ReportError, Table};

const HOSTILE: &str = "</title><script>alert('x')</script> & \"<img src=x onerror=y>";

fn page(png: &Path) -> Page {
    let mut table = Table::new(HOSTILE, &["reconstruction", HOSTILE, "IoU"]);
    table.push("this model", ["0.0123".to_owned(), "0.987".to_owned()]);
    table.push(HOSTILE, ["-".to_owned(), HOSTILE.to_owned()]);
    Page {
        title: HOSTILE.into(),
        blocks: vec![
            Block::Heading(HOSTILE.into()),
            Block::Text(HOSTILE.into()),
            Block::Code(format!("vae evaluate {HOSTILE}")),
            Block::Table(table),
            Block::Gallery(vec![Item {
                png: png.into(),
                title: HOSTILE.into(),
                lines: vec![HOSTILE.into()],
                links: vec![(HOSTILE.into(), HOSTILE.into())],
            }]),
            Block::Figure { png: png.into(), caption: HOSTILE.into() },
        ],
    }
}

/// The names of the elements in order, after checking that each one is closed where it must be and
/// no quote is left open.
fn elements(html: &str) -> Vec<String> {
    let (mut names, mut open) = (Vec::new(), Vec::new());
    let mut rest = html.strip_prefix("<!DOCTYPE html>").expect("a document type");
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "{:?}", &rest[..start]);
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap_or_default().to_owned();
        if !tag.ends_with('/') {
            open.push(name.clone());
        }
        names.push(name);
    }
    assert!(open.is_empty(), "{open:?} are not closed");
    names
}

#[test]
fn a_page_is_well_formed_and_needs_nothing_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let (png, path) = (folder.path().join("a.png"), folder.path().join("report.html"));
    fs::write(&png, b"\x89PNG").unwrap();
    page(&png).write(&path).unwrap();
    let html = fs::read_to_string(&path).unwrap();
    let names = elements(&html);
    for name in ["title", "h1", "h2", "p", "pre", "table", "caption"] {
        assert_eq!(names.iter().filter(|&n| n == name).count(), 1, "{name}");
    }
    let known = "html head meta title style body h1 h2 p pre code div table caption thead tbody tr th td figure figcaption img strong br a";
    let strange: Vec<_> =
        names.iter().filter(|name| !known.split(' ').any(|k| k == *name)).collect();
    assert!(strange.is_empty(), "{strange:?}");
    assert!(!html.contains("http") && !html.contains("url(") && !html.contains("<script"));
    assert!(html.contains("<th scope=\"row\">this model</th><td>0.0123</td><td>0.987</td>"));
    assert!(html.contains("data:image/png;base64,iVBORw=="), "the four bytes of the figure");
}

#[test]
fn a_missing_figure_leaves_the_old_page() {
    let folder = tempfile::tempdir().unwrap();
    let (png, path) = (folder.path().join("gone.png"), folder.path().join("report.html"));
    fs::write(&path, "old").unwrap();
    let error = page(&png).write(&path).unwrap_err();
    assert!(matches!(&error, ReportError::Read { path, .. } if *path == png), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    fs::write(&png, "").unwrap();
    assert!(matches!(page(&png).write(&path), Err(ReportError::Write(_))));
}

#[test]
fn a_table_without_names_of_columns_has_no_header() {
    let mut table = Table::new("", &["", ""]);
    table.push("seed", ["1".to_owned()]);
    let page = Page { title: "a".into(), blocks: vec![Block::Table(table)] };
    let names = elements(&page.to_html().unwrap());
    assert!(!names.iter().any(|name| name == "thead" || name == "caption"), "{names:?}");
}
