//! Drawing Exchange Format.

use std::fmt::{Display, Write as _};

use crate::contours::Contours;
use crate::error::ExportError;

/// The contours as a DXF drawing in millimeters: a closed `LWPOLYLINE` per curve, outer ones
/// counterclockwise and holes clockwise, on layer 0.
///
/// The file is of release 2000 (`AC1015`), the oldest that has this entity, with the tables and
/// objects that strict readers ask for. `cell_size` is in millimeters. Coordinates have the digits
/// of single precision.
///
/// # Errors
/// [`ExportError::Length`] if the cell size is not positive.
///
/// # References
/// Autodesk, DXF Reference, release 2000.
pub fn dxf(contours: &Contours, cell_size: f64) -> Result<String, ExportError> {
    let rings = contours.in_mm(cell_size)?;
    let (rows, columns) = contours.dim();
    let mut tags = Tags::default();
    tags.header([columns as f64 * cell_size, rows as f64 * cell_size], FIRST_ENTITY + rings.len());
    tags.tables();
    tags.blocks();
    tags.section("ENTITIES");
    for (i, ring) in rings.iter().enumerate() {
        tags.add(0, "LWPOLYLINE");
        tags.handle(FIRST_ENTITY + i, MODEL_SPACE);
        tags.add(100, "AcDbEntity");
        tags.add(8, 0);
        tags.add(100, "AcDbPolyline");
        tags.add(90, ring.len());
        tags.add(70, 1); // closed
        for [x, y] in ring {
            tags.add(10, x);
            tags.add(20, y);
        }
    }
    tags.add(0, "ENDSEC");
    tags.objects();
    tags.add(0, "EOF");
    Ok(tags.text)
}

/// Handles of what is referred to. The other tables have those from 1, and their records those from
/// [`RECORDS`].
const BLOCK_RECORDS: usize = 0x9;
const RECORDS: usize = 0x10;
const MODEL_SPACE: usize = 0x1e;
const PAPER_SPACE: usize = 0x1f;
const BLOCKS: usize = 0x20;
const ROOT: usize = 0x30;
const GROUPS: usize = 0x31;
const FIRST_ENTITY: usize = 0x40;

/// Pairs of a group code and a value, each on a line of its own.
#[derive(Default)]
struct Tags {
    text: String,
}

impl Tags {
    fn add(&mut self, code: u16, value: impl Display) {
        let _ = writeln!(self.text, "{code}\n{value}");
    }

    fn section(&mut self, name: &str) {
        self.add(0, "SECTION");
        self.add(2, name);
    }

    fn handle(&mut self, handle: usize, owner: usize) {
        self.add(5, format_args!("{handle:X}"));
        self.owner(owner);
    }

    fn owner(&mut self, owner: usize) {
        self.add(330, format_args!("{owner:X}"));
    }

    fn header(&mut self, [width, height]: [f64; 2], next_handle: usize) {
        self.section("HEADER");
        self.add(9, "$ACADVER");
        self.add(1, "AC1015");
        self.add(9, "$HANDSEED");
        self.add(5, format_args!("{next_handle:X}"));
        self.add(9, "$INSUNITS");
        self.add(70, 4); // millimeters
        self.add(9, "$MEASUREMENT");
        self.add(70, 1); // metric
        for (name, [x, y]) in [("$EXTMIN", [0.0, 0.0]), ("$EXTMAX", [width, height])] {
            self.add(9, name);
            self.add(10, x);
            self.add(20, y);
            self.add(30, 0.0);
        }
        self.add(0, "ENDSEC");
    }

    /// One layer, and the line types, styles and spaces that every drawing has.
    fn tables(&mut self) {
        self.section("TABLES");
        let line_type = |name| (name, vec![(3, ""), (72, "65"), (73, "0"), (40, "0.0")]);
        let text_style = vec![
            (40, "0.0"),
            (41, "1.0"),
            (50, "0.0"),
            (71, "0"),
            (42, "2.5"),
            (3, "txt"),
            (4, ""),
        ];
        let tables = [
            ("VPORT", "", vec![]),
            (
                "LTYPE",
                "AcDbLinetypeTableRecord",
                vec![line_type("ByBlock"), line_type("ByLayer"), line_type("Continuous")],
            ),
            ("LAYER", "AcDbLayerTableRecord", vec![("0", vec![(62, "7"), (6, "Continuous")])]),
            ("STYLE", "AcDbTextStyleTableRecord", vec![("Standard", text_style)]),
            ("VIEW", "", vec![]),
            ("UCS", "", vec![]),
            ("APPID", "AcDbRegAppTableRecord", vec![("ACAD", vec![])]),
            ("DIMSTYLE", "AcDbDimStyleTableRecord", vec![("Standard", vec![])]),
        ];
        let mut record = RECORDS;
        for (table, (name, class, records)) in (1..).zip(tables) {
            self.table(name, table, records.len());
            if name == "DIMSTYLE" {
                self.add(100, "AcDbDimStyleTable");
            }
            for (entry, values) in records {
                self.add(0, name);
                // Dimension styles have their handle under another code, because theirs is taken.
                self.add(if name == "DIMSTYLE" { 105 } else { 5 }, format_args!("{record:X}"));
                self.owner(table);
                self.record(class, entry);
                self.add(70, 0);
                for (code, value) in values {
                    self.add(code, value);
                }
                record += 1;
            }
            self.add(0, "ENDTAB");
        }
        self.table("BLOCK_RECORD", BLOCK_RECORDS, 2);
        for (handle, name) in [(MODEL_SPACE, "*Model_Space"), (PAPER_SPACE, "*Paper_Space")] {
            self.add(0, "BLOCK_RECORD");
            self.handle(handle, BLOCK_RECORDS);
            self.record("AcDbBlockTableRecord", name);
            self.add(340, 0);
        }
        self.add(0, "ENDTAB");
        self.add(0, "ENDSEC");
    }

    fn table(&mut self, name: &str, handle: usize, records: usize) {
        self.add(0, "TABLE");
        self.add(2, name);
        self.handle(handle, 0);
        self.add(100, "AcDbSymbolTable");
        self.add(70, records);
    }

    fn record(&mut self, class: &str, name: &str) {
        self.add(100, "AcDbSymbolTableRecord");
        self.add(100, class);
        self.add(2, name);
    }

    fn blocks(&mut self) {
        self.section("BLOCKS");
        let spaces = [(MODEL_SPACE, "*Model_Space"), (PAPER_SPACE, "*Paper_Space")];
        for (i, (space, name)) in spaces.into_iter().enumerate() {
            self.add(0, "BLOCK");
            self.handle(BLOCKS + 2 * i, space);
            self.add(100, "AcDbEntity");
            self.add(8, 0);
            self.add(100, "AcDbBlockBegin");
            self.add(2, name);
            self.add(70, 0);
            for code in [10, 20, 30] {
                self.add(code, 0.0);
            }
            self.add(3, name);
            self.add(1, "");
            self.add(0, "ENDBLK");
            self.handle(BLOCKS + 2 * i + 1, space);
            self.add(100, "AcDbEntity");
            self.add(8, 0);
            self.add(100, "AcDbBlockEnd");
        }
        self.add(0, "ENDSEC");
    }

    /// The dictionary at the root of all objects, and the empty one of groups in it.
    fn objects(&mut self) {
        self.section("OBJECTS");
        self.dictionary(ROOT, 0);
        self.add(3, "ACAD_GROUP");
        self.add(350, format_args!("{GROUPS:X}"));
        self.dictionary(GROUPS, ROOT);
        self.add(0, "ENDSEC");
    }

    fn dictionary(&mut self, handle: usize, owner: usize) {
        self.add(0, "DICTIONARY");
        self.handle(handle, owner);
        self.add(100, "AcDbDictionary");
        self.add(281, 1);
    }
}
