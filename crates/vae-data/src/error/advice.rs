//! What helps against errors of reading.

use std::path::Path;

use vae_base::Remedy;

use super::reading::ReadingError;

impl ReadingError {
    /// What a caller can do about this error; empty if nothing in particular helps.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::NotADataSet { .. } => vec![Remedy::advice(
                "designs are read from folders of pictures (JPEG, PNG, BMP, TIFF, PNM), .npy, .npz \
                 or text files, from one such file, and from data-set folders",
            )],
            Self::Matlab { path, hdf5 } => vec![Remedy::advice(matlab(path, *hdf5))],
            Self::Unread { how, .. } => vec![Remedy::advice(how.clone())],
            Self::Mesh { .. } => vec![
                Remedy::advice(
                    "save them without edges (EdgeColor none in MATLAB, edgecolors='none' in \
                     matplotlib), or save the densities themselves with numpy.save",
                ),
                Remedy::set("crop", "none", "takes the lines as parts of the designs"),
            ],
            Self::MixedPolarity { .. } => vec![
                Remedy::advice("exchange black and white in some of them"),
                Remedy::set("invert", "no", "takes black as material in all of them"),
                Remedy::set("invert", "yes", "takes white"),
            ],
            Self::RowOrder { column, .. } => vec![
                Remedy::advice(format!("sort the rows by {column:?}, if it counts the designs")),
                Remedy::advice("take the column out, if the rows are in the order of the designs"),
                Remedy::advice("name the file of each design in a column `file`"),
            ],
            Self::VolumeOrder { .. } => vec![
                Remedy::advice("bring the rows of conditions into the order of the designs"),
                Remedy::advice("name the file of each design in a column `file`"),
                Remedy::set("conditions", "none", "reads the designs without conditions"),
            ],
            Self::Companions { instead: Some(folder), .. } => vec![Remedy::advice(format!(
                "give the folder of the designs alone: {}",
                folder.display()
            ))],
            Self::Companions { .. } => {
                vec![Remedy::advice("move what is no design to a folder beside this one")]
            }
            Self::AxisOrder { .. } => vec![Remedy::set(
                "layout",
                "ORDER",
                "names every axis: n designs, h rows, w columns, c channels, t iterations",
            )],
            Self::UnclearAxes { orders, .. } => orders
                .iter()
                .map(|order| Remedy::set("layout", order, "takes this one"))
                .chain([Remedy::advice(AXES)])
                .collect(),
            Self::Colored { .. } => vec![
                Remedy::advice("make the designs grey first: one value per cell"),
                Remedy::set("iterations", "all", "takes them as trajectories (N, T, H, W)"),
            ],
            Self::NoBuiltin => {
                vec![Remedy::advice("build with the feature `builtin`, or give a folder or file")]
            }
            Self::NotApplicable { .. } | Self::Setting { .. } => Vec::new(),
            Self::Layout { .. } => vec![Remedy::advice(
                "a layout is rows:NELXxNELY or columns:NELXxNELY, and its product the length of a \
                 vector",
            )],
            Self::LabelPattern { .. } => vec![
                Remedy::advice("give a pattern that all names end with"),
                Remedy::set("labels", "none", "ignores the names"),
            ],
            Self::Label { .. } => vec![
                Remedy::advice("name the field {_} to pass over it"),
                Remedy::set("labels", "none", "ignores the names"),
            ],
            Self::MixedSizes { .. } => vec![
                Remedy::set("resize", "ROWSxCOLUMNS", "brings all designs to one size"),
                Remedy::set("resize", "fit:ROWSxCOLUMNS", "does so without stretching them"),
            ],
            Self::Colors { .. } => vec![Remedy::advice(
                "save the pictures in grey or through a map such as viridis, jet or coolwarm, or \
                 save the densities themselves with numpy.save",
            )],
            Self::Lines { .. } => vec![
                Remedy::advice(
                    "save filled pictures (imshow, contourf), or the densities themselves with \
                     numpy.save",
                ),
                Remedy::set("crop", "TOP,RIGHT,BOTTOM,LEFT", "cuts off what is no design"),
            ],
            Self::Margins { found, .. } => vec![
                Remedy::set(
                    "crop",
                    found.as_deref().unwrap_or("TOP,RIGHT,BOTTOM,LEFT"),
                    "cuts these pixels off",
                ),
                Remedy::set("crop", "none", "keeps everything"),
            ],
            Self::Values { .. } => vec![Remedy::set(
                "range",
                "VOID:SOLID",
                "says which values are void and solid, such as 0:255",
            )],
            Self::Polarity { remedies, .. } => remedies.to_vec(),
            _ => self.remedies_of_tables(),
        }
    }

    /// [`remedies`](Self::remedies) of what concerns tables, and what lies beside designs.
    fn remedies_of_tables(&self) -> Vec<Remedy> {
        match self {
            Self::SparseGrid { .. } => {
                vec![Remedy::set("grid", "ROWSxCOLUMNS", "bins the elements to a coarser grid")]
            }
            Self::Columns { .. } => of_columns().into(),
            Self::SamePlace { .. } => vec![
                Remedy::advice("give each design a file of its own"),
                Remedy::set("grid", "ROWSxCOLUMNS", "takes means over the cells of a grid"),
            ],
            Self::FlatDesigns { .. } => vec![
                Remedy::set("layout", "columns:NELXxNELY", "takes them apart by columns"),
                Remedy::set("layout", "rows:NELXxNELY", "takes them apart by rows"),
                Remedy::set("layout", "hw", "takes the file as one design"),
            ],
            Self::NoConditions { .. } => vec![Remedy::advice(
                "a condition is a column of numbers, such as 0.4, one row per design",
            )],
            Self::UnusedConditions { file } => vec![
                if file.ends_with("conditions.npy") {
                    Remedy::advice("give the folder instead of the file, which uses it")
                } else if is_sheet(file) {
                    Remedy::set("conditions", "TABLE.csv", "takes it, once it is saved as CSV")
                } else if file.contains(".npz:") {
                    Remedy::advice("save it as (designs, conditions) under the name `conditions`")
                } else {
                    Remedy::set("conditions", file, "takes it as conditions")
                },
                Remedy::set("conditions", "none", "says that none are wanted"),
            ],
            Self::MissingNumber { .. } => vec![
                Remedy::advice("add it to the file"),
                Remedy::set("conditions", "none", "says that no conditions are wanted"),
            ],
            Self::MissingRow { .. } => vec![Remedy::advice(
                "give one row per design: in their order, or with their file names in a column \
                 `file`",
            )],
            _ => Vec::new(),
        }
    }
}

/// What helps where the columns of a table do not say what they are.
fn of_columns() -> [Remedy; 4] {
    [
        Remedy::advice(
            "name the columns x, y and density (or row, column and density) in a first line",
        ),
        Remedy::set("array", "NAME", "says which column holds the densities"),
        Remedy::set("layout", "columns:NELXxNELY", "takes densities in the order of lines"),
        Remedy::set("layout", "hw", "takes the table as a matrix of densities"),
    ]
}

/// Whether a file is called as those are that hold tables and are not read.
pub(crate) fn is_sheet(name: &str) -> bool {
    let name = name.to_lowercase();
    [".xlsx", ".xls", ".ods", ".json", ".mat", ".parquet", ".pkl"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// What the letters of an order of axes mean.
const AXES: &str = "n counts designs, h rows from the top, w columns, c channels of a color";

/// The command that brings a MATLAB file into one that is read: all its arrays, in their order. It
/// is one expression with blanks only inside its brackets, so that it works in broken lines too.
fn matlab(path: &Path, hdf5: bool) -> String {
    let path = path.display().to_string().replace('\\', "/");
    let arrays = if hdf5 {
        format!(
            "k:v[()].T for k,v in __import__('h5py').File('{path}').items() if hasattr(v,'shape')"
        )
    } else {
        format!("k:v for k,v in __import__('scipy.io').io.loadmat('{path}').items() if k[0]!='_'")
    };
    let program = format!("__import__('numpy').savez('designs.npz',**{{{arrays}}})");
    format!("python3 -c \"{program}\" writes designs.npz, with which this works")
}
