//! Files of designs for CAD, for a printer, or as numbers: their formats, and the lengths that
//! grids of densities do not have.

use anyhow::Result;
use ndarray::ArrayView2;
use topo_export::{Contours, ExportError, Vtk, dxf, png, stl, svg, vtk};
use vae_data::npy;

use crate::failure::UsageError;
use crate::length::Length;

/// `--to`.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    Svg,
    Dxf,
    Stl,
    Vtk,
    Npy,
    Png,
}

/// How large a cell is in the world.
#[derive(clap::Args)]
pub(crate) struct LengthArgs {
    /// Side of a cell, with its unit: mm, cm, m, in
    #[arg(long, value_name = "LENGTH", default_value = "1mm", allow_hyphen_values = true)]
    cell_size: String,
    /// Thickness of the plate, with its unit: mm, cm, m, in
    #[arg(long, value_name = "LENGTH", default_value = "5mm", allow_hyphen_values = true)]
    thickness: String,
}

/// Millimeters.
#[derive(Clone, Copy)]
pub(crate) struct Lengths {
    pub(crate) cell_size: f64,
    pub(crate) thickness: f64,
}

/// The contents of a file, and the contours in it.
pub(crate) struct Drawn {
    pub(crate) bytes: Vec<u8>,
    /// None where the densities are written as they are.
    pub(crate) contours: Option<Contours>,
}

impl LengthArgs {
    /// Both, or what is wrong with one.
    pub(crate) fn lengths(&self) -> Result<Lengths> {
        let length = |flag: &str, text: &str| -> Result<f64> {
            let length: Result<Length, _> = text.parse();
            Ok(length.map_err(|err| UsageError::new(format!("{flag} {text}: {err}")))?.mm)
        };
        Ok(Lengths {
            cell_size: length("--cell-size", &self.cell_size)?,
            thickness: length("--thickness", &self.thickness)?,
        })
    }
}

impl Format {
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Dxf => "dxf",
            Self::Stl => "stl",
            Self::Vtk => "vtk",
            Self::Npy => "npy",
            Self::Png => "png",
        }
    }

    /// The file of one design; the title is for formats that have one.
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub(crate) fn draw(
        self,
        design: ArrayView2<'_, f32>,
        Lengths { cell_size, thickness }: Lengths,
        title: &str,
    ) -> Result<Drawn, ExportError> {
        let density = design.mapv(f64::from);
        let contours = match self {
            Self::Svg | Self::Dxf | Self::Stl => Some(Contours::of(density.view())?),
            Self::Vtk | Self::Npy | Self::Png => None,
        };
        let bytes = match (self, &contours) {
            (Self::Svg, Some(contours)) => svg(contours, cell_size)?.into_bytes(),
            (Self::Dxf, Some(contours)) => dxf(contours, cell_size)?.into_bytes(),
            (Self::Stl, Some(contours)) => stl(contours, cell_size, thickness)?,
            (Self::Png, _) => png(density.view(), cell_size)?,
            (Self::Npy, _) => npy::to_bytes(design),
            _ => {
                let cells = [("density".to_owned(), density.view())];
                vtk(&Vtk { title, cell_size, cells: &cells, points: &[] })?.into_bytes()
            }
        };
        Ok(Drawn { bytes, contours })
    }
}
