//! One page of words, tables and figures: a single HTML file that needs nothing beside it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use vae_base::files;
use vae_base::text::is_mark;

use crate::error::ReportError;

/// A page: a title, and one block after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The title of the window and of the page.
    pub title: String,
    /// The parts of the page, from top to bottom.
    pub blocks: Vec<Block>,
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Opens a section.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// Lines to copy: commands, a configuration.
    Code(String),
    /// Numbers.
    Table(Table),
    /// A list of words that lead to files beside the page: (words, address).
    Links(Vec<(String, String)>),
    /// Pictures beside each other, as many as fit, each with words and links below it.
    Gallery(Vec<Item>),
    /// A picture.
    Figure {
        /// A PNG file, which becomes part of the page.
        png: PathBuf,
        /// What it shows.
        caption: String,
    },
}

/// A picture of a gallery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// A PNG file, which becomes part of the page.
    pub png: PathBuf,
    /// What it shows, in a few words.
    pub title: String,
    /// What else is said of it, line by line.
    pub lines: Vec<String>,
    /// Words that lead to files beside the page: (words, address).
    pub links: Vec<(String, String)>,
}

/// Rows of words and numbers; the first cell of a row names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What the table shows.
    pub title: String,
    /// Names of the columns, the first of which holds the names of the rows. If all are empty, the
    /// table has no header.
    pub columns: Vec<String>,
    /// The rows, with one cell per column.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub fn new(title: impl Into<String>, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        Self { title: title.into(), columns, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, name: impl Into<String>, cells: impl IntoIterator<Item = String>) {
        self.rows.push(std::iter::once(name.into()).chain(cells).collect());
    }

    /// Whether a column has a name.
    pub fn has_header(&self) -> bool {
        self.columns.iter().any(|column| !column.is_empty())
    }
}

impl Page {
    /// Writes the page in one piece.
    ///
    /// # Errors
    /// [`ReportError::Read`] for a figure that is not there, [`ReportError::Write`]; whatever stood
    /// at `path` is then unchanged.
    pub fn write(&self, path: &Path) -> Result<(), ReportError> {
        let html = self.to_html()?;
        Ok(files::write(path, html.as_bytes())?)
    }

    /// The page as HTML that is well-formed XML after its first line: no script, nothing from
    /// elsewhere, figures as base64.
    ///
    /// # Errors
    /// [`ReportError::Read`] for a figure that is not there.
    pub fn to_html(&self) -> Result<String, ReportError> {
        let title = escaped(&self.title);
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        );
        for block in &self.blocks {
            html.push_str(&block.to_html()?);
        }
        html.push_str("</body>\n</html>\n");
        Ok(html)
    }
}

impl Block {
    fn to_html(&self) -> Result<String, ReportError> {
        Ok(match self {
            Self::Heading(text) => format!("<h2>{}</h2>\n", escaped(text)),
            Self::Text(text) => format!("<p>{}</p>\n", marked(text)),
            Self::Code(text) => format!("<pre><code>{}</code></pre>\n", escaped(text)),
            Self::Table(table) => table.to_html(),
            Self::Links(links) => {
                let item = |(words, address): &(String, String)| {
                    format!("<li>{}</li>\n", anchor(words, address))
                };
                format!("<ul>\n{}</ul>\n", links.iter().map(item).collect::<String>())
            }
            Self::Gallery(items) => {
                let items = items.iter().map(Item::to_html).collect::<Result<String, _>>()?;
                format!("<div class=\"gallery\">\n{items}</div>\n")
            }
            Self::Figure { png, caption } => {
                let image = image(png, caption)?;
                let caption = escaped(caption);
                format!(
                    "<figure>\n<figcaption>{caption}</figcaption>\n\
                     <div class=\"wide\">{image}</div>\n</figure>\n"
                )
            }
        })
    }
}

impl Item {
    fn to_html(&self) -> Result<String, ReportError> {
        let mut html = format!("<figure>\n{}\n<figcaption>", image(&self.png, &self.title)?);
        let _ = write!(html, "<strong>{}</strong>", escaped(&self.title));
        for line in &self.lines {
            let _ = write!(html, "<br/>{}", escaped(line));
        }
        if !self.links.is_empty() {
            html.push_str("<br/>");
        }
        let link = |(words, address): &(String, String)| anchor(words, address);
        html += &self.links.iter().map(link).collect::<Vec<_>>().join(" · ");
        html.push_str("</figcaption>\n</figure>\n");
        Ok(html)
    }
}

/// A picture as a part of the page.
fn image(png: &Path, words: &str) -> Result<String, ReportError> {
    let bytes =
        std::fs::read(png).map_err(|source| ReportError::Read { path: png.to_owned(), source })?;
    let (words, data) = (escaped(words), STANDARD.encode(bytes));
    Ok(format!("<img alt=\"{words}\" src=\"data:image/png;base64,{data}\"/>"))
}

fn anchor(words: &str, address: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escaped(address), escaped(words))
}

impl Table {
    fn to_html(&self) -> String {
        // Wide tables scroll by themselves, so that the page does not.
        let class = if self.has_header() { "table" } else { "facts" };
        let mut html = format!("<div class=\"{class}\"><table>\n");
        if !self.title.is_empty() {
            let _ = writeln!(html, "<caption>{}</caption>", escaped(&self.title));
        }
        if self.has_header() {
            html.push_str("<thead><tr>");
            for name in &self.columns {
                let _ = write!(html, "<th scope=\"col\">{}</th>", escaped(name));
            }
            html.push_str("</tr></thead>\n");
        }
        html.push_str("<tbody>\n");
        for row in &self.rows {
            html.push_str("<tr>");
            for (column, cell) in row.iter().enumerate() {
                let (open, close) =
                    if column == 0 { ("th scope=\"row\"", "th") } else { ("td", "td") };
                let _ = write!(html, "<{open}>{}</{close}>", escaped(cell));
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody>\n</table></div>\n");
        html
    }
}

/// Text of a paragraph: what stands in backticks is code.
fn marked(text: &str) -> String {
    let escaped = escaped(text);
    let parts: Vec<&str> = escaped.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escaped;
    }
    let part = |(i, part): (usize, &&str)| {
        if i.is_multiple_of(2) { (*part).to_owned() } else { format!("<code>{part}</code>") }
    };
    parts.iter().enumerate().map(part).collect()
}

/// Text as it is written between tags or in quotes; characters that XML does not allow are
/// replaced.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\t' | '\n' => html.push(character),
            _ if is_mark(character) => html.push(char::REPLACEMENT_CHARACTER),
            _ => html.push(character),
        }
    }
    html
}

const STYLE: &str = "\
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.5rem; line-height: 1.25; }
h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; padding-top: 0.5rem; border-top: 1px solid #8886; }
p { margin: 0.5rem 0; }
p::first-letter, caption::first-letter { text-transform: uppercase; }
pre { padding: 0.75rem; background: #8882; overflow-x: auto; font-size: 0.85rem; }
.table, .facts { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: 0.3rem; }
th, td { padding: 0.2rem 0.8rem 0.2rem 0; text-align: right; vertical-align: top; border-bottom: 1px solid #8884; }
td { white-space: nowrap; }
.facts td { white-space: normal; text-align: left; overflow-wrap: anywhere; }
th { font-weight: 600; }
th[scope=row], th:first-child { text-align: left; font-weight: 400; }
figure { margin: 1.5rem 0; }
.wide { overflow-x: auto; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); gap: 1.25rem; margin: 1.5rem 0; }
.gallery figure { margin: 0; }
.gallery figcaption { margin-top: 0.3rem; font-variant-numeric: tabular-nums; }
a { color: #06c; }
@media (prefers-color-scheme: dark) { a { color: #6bf; } }
/* On a phone a wide picture keeps its words readable, and scrolls. */
@media screen and (max-width: 40rem) { .wide img { max-width: none; width: max(100%, 46rem); } }
img { max-width: 100%; height: auto; background: white; }
figcaption { margin-bottom: 0.3rem; }
@page { margin: 15mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  pre { white-space: pre-wrap; }
  table { font-size: 8pt; }
  img { max-height: 220mm; }
  h2, caption { break-after: avoid; }
  figure, tr { break-inside: avoid; }
  .gallery { grid-template-columns: repeat(2, 1fr); }
  .gallery img { max-height: 52mm; width: auto; }
}
";

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of RFC 4648, section 10.
    #[test]
    fn figures_are_standard_base64() {
        let vectors =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        let folder = tempfile::tempdir().unwrap();
        let png = folder.path().join("figure.png");
        for (bytes, text) in vectors {
            std::fs::write(&png, bytes).unwrap();
            let html = Block::Figure { png: png.clone(), caption: String::new() }.to_html();
            assert!(html.unwrap().contains(&format!("src=\"data:image/png;base64,{text}\"/>")));
        }
    }

    #[test]
    fn what_stands_in_backticks_is_code() {
        assert_eq!(marked("`a<b` is `c`"), "<code>a&lt;b</code> is <code>c</code>");
        assert_eq!(marked("a ` alone"), "a ` alone");
    }

    #[test]
    fn no_character_of_a_name_is_markup() {
        assert_eq!(escaped("a<b>&\"'\u{1b}[0m"), "a&lt;b&gt;&amp;&quot;&#39;\u{fffd}[0m");
    }
}
