//! What helps against errors of reading, where it takes more than a line to say.

use std::path::Path;

use vae_base::Remedy;

/// What helps where the columns of a table do not say what they are.
pub(crate) fn of_columns() -> [Remedy; 4] {
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
pub(crate) const AXES: &str =
    "n counts designs, h rows from the top, w columns, c channels of a color";

/// The command that brings a MATLAB file into one that is read: all its arrays, in their order. It
/// is one expression with blanks only inside its brackets, so that it works in broken lines too.
pub(crate) fn matlab(path: &Path, hdf5: bool) -> String {
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
