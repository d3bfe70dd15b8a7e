//! Files of kinds that are not read: what they are, and what brings them into one that is.

use std::path::Path;

use crate::error::ReadingError;
use crate::formats::bytes::Bytes;

/// The error of a file of a known kind that is not read, by its first bytes and by its name; `None`
/// if nothing is known of it.
pub(crate) fn of(path: &Path, bytes: &Bytes) -> Option<ReadingError> {
    let mut begin = [0; 8];
    let known = bytes.len().min(8) as usize;
    bytes.read_exact_at(&mut begin[..known], 0).ok()?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let shown = path.display().to_string().replace('\\', "/");
    let (what, how) = match &begin {
        [0x1f, 0x8b, ..] => ("gzip files", format!("gunzip -k '{shown}' unpacks it")),
        b"\x89HDF\r\n\x1a\n" => {
            let arrays = format!(
                "k:v[()] for k,v in __import__('h5py').File('{shown}').items() if hasattr(v,'shape')"
            );
            let program = format!("__import__('numpy').savez('designs.npz',**{{{arrays}}})");
            ("HDF5 files", format!("python3 -c \"{program}\" writes designs.npz, which is"))
        }
        [b'P', b'A', b'R', b'1', ..] => {
            let program = format!(
                "__import__('pandas').read_parquet('{shown}').to_csv('designs.csv',index=False)"
            );
            ("Parquet files", format!("python3 -c \"{program}\" writes designs.csv, which is"))
        }
        [b'P', b'K', 3 | 5, ..] if ends(&[".xlsx", ".xlsm", ".ods"]) => ("spreadsheets", sheet()),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => ("spreadsheets of this kind", sheet()),
        [b'P', b'K', 3 | 5, ..] if ends(&[".pt", ".pth"]) => ("pickles", no_pickle()),
        [0x80, 2..=5, ..] if ends(&[".pkl", ".pickle", ".pt", ".pth", ".bin"]) => {
            ("pickles", no_pickle())
        }
        [b'P', b'K', 3 | 5, ..] if !ends(&[".npz"]) => (
            "archives of files other than arrays",
            format!("unzip '{shown}' -d designs unpacks it into the folder designs, which may be"),
        ),
        [b'7', b'z', 0xbc, 0xaf, ..] | [b'R', b'a', b'r', b'!', ..] => {
            ("archives of this kind", "unpack it into a folder, which may be read".into())
        }
        _ if ends(&[".tar", ".7z", ".rar", ".bz2", ".xz", ".zst"]) => {
            ("archives of this kind", "unpack it into a folder, which may be read".into())
        }
        _ if ends(&[".json"]) => {
            let program = format!(
                "__import__('numpy').save('designs.npy',__import__('json').load(open('{shown}')))"
            );
            (
                "JSON files",
                format!("python3 -c \"{program}\" writes an array of numbers as designs.npy"),
            )
        }
        _ if ends(&[".vtk", ".vtu", ".vti", ".vts", ".vtr", ".pvd", ".xdmf", ".exo"]) => (
            "files of meshes",
            "ParaView writes their cell centers and densities as a table: Cell Centers, then Save \
             Data as CSV"
                .into(),
        ),
        _ if ends(&[".lis", ".lst", ".out", ".f06", ".pch", ".inp"]) => (
            "listings of this kind",
            "keep the lines of numbers, with the names of their columns above, in a .txt file"
                .into(),
        ),
        _ => return None,
    };
    Some(ReadingError::Unread { path: path.into(), what, how })
}

fn sheet() -> String {
    "save the sheet as CSV".into()
}

fn no_pickle() -> String {
    "to open one may run a program; save the array with numpy.save".into()
}
