//! Sizes of designs as arguments.

/// Reads `48x96`: rows by columns.
pub(crate) fn rows_by_columns(text: &str) -> Result<(usize, usize), String> {
    let parse = |part: &str| part.parse::<usize>().ok();
    text.split_once('x')
        .and_then(|(rows, columns)| parse(rows).zip(parse(columns)))
        .ok_or_else(|| format!("{text:?} is not ROWSxCOLUMNS, such as 48x96"))
}
