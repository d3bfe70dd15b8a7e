//! Files of designs for CAD, for a printer, or as numbers.

use std::str::FromStr;

use ndarray::ArrayView2;
use topo_export::{Contours, ExportError, Vtk, dxf, png, stl, svg, vtk};
use vae_data::npy;

use super::length::Lengths;

/// A format of a file that holds one design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Contours as a picture.
    Svg,
    /// Contours for CAD.
    Dxf,
    /// A watertight plate.
    Stl,
    /// The densities for `ParaView`.
    Vtk,
    /// The densities for `NumPy`.
    Npy,
    /// The densities as a picture, one pixel per cell.
    Png,
}

/// The contents of a file, and the contours in it.
#[derive(Debug)]
pub struct Drawn {
    /// The contents.
    pub bytes: Vec<u8>,
    /// The contours; `None` if the densities are written as they are.
    pub contours: Option<Contours>,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 6] = [Self::Svg, Self::Dxf, Self::Stl, Self::Vtk, Self::Npy, Self::Png];

    /// The name of the format, which is also the extension of its files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Dxf => "dxf",
            Self::Stl => "stl",
            Self::Vtk => "vtk",
            Self::Npy => "npy",
            Self::Png => "png",
        }
    }

    /// Draws the file of one design; only some formats have a title.
    ///
    /// # Errors
    /// If the design is empty, holds no densities, or no closed surface can be made of it.
    pub fn draw(
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

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|format| format.name() == name);
        known.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.into_iter().map(Self::name).collect();
            format!("unknown format {name:?}; known are {}", names.join(", "))
        })
    }
}
