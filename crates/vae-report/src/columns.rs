//! Tables as lines of text.

use crate::Table;

/// Blanks before a row.
const INDENT: usize = 4;
/// Blanks between two columns.
const GAP: usize = 2;

impl Table {
    /// The table in columns of equal width, numbers to the right. Columns for which there is no room
    /// in a line of so many characters stand below the others, after the names of the rows again.
    ///
    /// # Examples
    /// ```
    /// use vae_report::Table;
    ///
    /// let mut table = Table::new("scores", &["", "MSE", "IoU"]);
    /// table.push("model", ["12.5".to_owned(), "0.9".to_owned()]);
    /// assert_eq!(table.lines(80), ["  scores", "            MSE  IoU", "    model  12.5  0.9"]);
    /// let narrow = table.lines(16);
    /// assert_eq!(narrow[1..3], ["            MSE", "    model  12.5"]);
    /// assert_eq!(narrow[3..], ["           IoU", "    model  0.9"]);
    /// ```
    pub fn lines(&self, columns: usize) -> Vec<String> {
        let header = self.has_header().then_some(&self.columns);
        let rows: Vec<&Vec<String>> = header.into_iter().chain(&self.rows).collect();
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let count = rows.iter().map(|row| row.len()).max().unwrap_or(0);
        let title = Some(format!("  {}", self.title)).filter(|_| !self.title.is_empty());
        let mut lines: Vec<String> = title.into_iter().collect();
        let mut next = 1;
        loop {
            let first = next;
            let mut used = INDENT + width(0);
            while next < count && (next == first || used + GAP + width(next) <= columns) {
                used += GAP + width(next);
                next += 1;
            }
            for row in &rows {
                let cell = |column: usize| row.get(column).map_or("", String::as_str);
                let name = width(0);
                let cells = (first..next).map(|column| {
                    let width = GAP + width(column);
                    format!("{:>width$}", cell(column))
                });
                let line = format!("{:INDENT$}{:name$}{}", "", cell(0), cells.collect::<String>());
                lines.push(line.trim_end().to_owned());
            }
            if count <= next {
                return lines;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores() -> Table {
        let mut table = Table::new("scores", &["", "MSE", "IoU", "pieces"]);
        table.push("σ", ["1", "0.5", "2"].map(str::to_owned));
        table.push("model", ["12.50", "0.75", "1"].map(str::to_owned));
        table
    }

    #[test]
    fn columns_are_aligned() {
        let table = scores();
        let expected = [
            "  scores",
            "             MSE   IoU  pieces",
            "    σ          1   0.5       2",
            "    model  12.50  0.75       1",
        ];
        assert_eq!(table.lines(usize::MAX), expected);
        let bare = Table { columns: Vec::new(), ..table };
        assert_eq!(bare.lines(usize::MAX).len(), 3, "no names of columns, no header");
    }

    /// No line is wider than the terminal, nothing is left out, and a column that is wider than it
    /// stands alone.
    #[test]
    fn what_has_no_room_stands_below() {
        let table = scores();
        for columns in 0..40 {
            let lines = table.lines(columns);
            let widest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(widest <= columns.max(17), "{columns}: {lines:#?}");
            for cell in ["12.50", "0.75", "pieces"] {
                assert_eq!(lines.iter().filter(|line| line.contains(cell)).count(), 1, "{cell}");
            }
        }
        assert_eq!(table.lines(20).len(), 1 + 2 * 3 + 3);
        assert_eq!(table.lines(24).len(), 1 + 2 * 3);
    }
}
