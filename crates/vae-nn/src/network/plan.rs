//! From layers to blocks: what is computed in one go, and what is stored in between.

use super::layer::Layer;
use super::pool::{Pool, Windows};
use crate::kernels::conv::geometry::{Filter, Geometry};
use candle_core::Result;

/// A result that is stored, and how it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    /// The layer that normalizes it.
    pub(super) norm: Option<usize>,
    /// Slope of the activation that follows.
    pub(super) slope: Option<f64>,
}

impl Value {
    fn new([channels, height, width]: [usize; 3]) -> Self {
        Self { channels, height, width, norm: None, slope: None }
    }

    /// Elements of a row.
    pub(super) fn row_len(&self) -> usize {
        self.width * self.channels
    }

    /// Elements of an image.
    pub(super) fn len(&self) -> usize {
        self.height * self.row_len()
    }

    /// Whether it is read as it is stored.
    pub(super) fn is_plain(&self) -> bool {
        self.norm.is_none() && self.slope.is_none()
    }

    fn dims(&self, batch: usize) -> [usize; 4] {
        [batch, self.channels, self.height, self.width]
    }
}

/// A convolution in either direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Convolution {
    /// The layer with its parameters.
    pub(super) layer: usize,
    pub(super) g: Geometry,
    pub(super) filter: Filter,
    /// Whether it leads from the image to the map.
    pub(super) to_map: bool,
}

/// One step from a value to the next: a convolution or nothing, then a pool or nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) convolution: Option<Convolution>,
    pub(super) pool: Option<Pool>,
}

/// A network as values with blocks between them.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) batch: usize,
    /// The values; there is one more value than there are blocks.
    pub(super) values: Vec<Value>,
    pub(super) blocks: Vec<Block>,
}

impl Plan {
    /// # Errors
    /// If a layer cannot take the shape that reaches it.
    pub(super) fn new(
        layers: &[Layer],
        [batch, rest @ ..]: [usize; 4],
        train: bool,
    ) -> Result<Self> {
        let mut plan = Self { batch, values: vec![Value::new(rest)], blocks: Vec::new() };
        let mut i = 0;
        while let Some(layer) = layers.get(i) {
            let value = plan.value();
            match layer {
                Layer::Conv2d(conv) => {
                    let g = conv.geometry(&value.dims(batch))?;
                    let full = [g.out_channels, g.out_height, g.out_width];
                    // A pool directly behind is taken along, with the activation between the two if
                    // its order does not matter.
                    let (pool, n) = match (layers.get(i + 1), layers.get(i + 2)) {
                        (Some(&Layer::LeakyRelu { slope }), Some(&Layer::MaxPool2d { k }))
                            if 0.0 <= slope =>
                        {
                            (
                                Some(Pool::Max {
                                    windows: Windows::new("max_pool2d", full, k)?,
                                    slope,
                                }),
                                2,
                            )
                        }
                        (Some(&Layer::MaxPool2d { k }), _) => {
                            let windows = Windows::new("max_pool2d", full, k)?;
                            (Some(Pool::Max { windows, slope: 1.0 }), 1)
                        }
                        _ => (None, 0),
                    };
                    plan.push(Some(Convolution::forward(i, g)), pool, full);
                    i += n;
                }
                Layer::ConvTranspose2d(conv) => {
                    let g = conv.geometry(&value.dims(batch))?;
                    let convolution =
                        Convolution { layer: i, g, filter: Filter::plain(&g), to_map: false };
                    plan.push(Some(convolution), None, [g.in_channels, g.in_height, g.in_width]);
                }
                Layer::BatchNorm2d(norm) => {
                    norm.check(&value.dims(batch), train)?;
                    if !value.is_plain() {
                        plan.push(None, None, value.shape());
                    }
                    plan.value_mut().norm = Some(i);
                }
                &Layer::LeakyRelu { slope } => {
                    if value.slope.is_some() {
                        plan.push(None, None, value.shape());
                    }
                    plan.value_mut().slope = Some(slope);
                }
                &Layer::MaxPool2d { k } => {
                    let windows = Windows::new("max_pool2d", value.shape(), k)?;
                    let pool = Pool::Max { windows, slope: 1.0 };
                    plan.push(None, Some(pool), value.shape());
                }
                &Layer::AvgPool2d { k } => {
                    let pool = Pool::Average(Windows::new("avg_pool2d", value.shape(), k)?);
                    plan.push(None, Some(pool), value.shape());
                }
            }
            i += 1;
        }
        Ok(plan)
    }

    /// The value that comes out.
    pub(super) fn value(&self) -> Value {
        self.values[self.blocks.len()]
    }

    fn value_mut(&mut self) -> &mut Value {
        &mut self.values[self.blocks.len()]
    }

    fn push(&mut self, convolution: Option<Convolution>, pool: Option<Pool>, full: [usize; 3]) {
        let [channels, height, width] = full;
        let shape = pool.as_ref().map_or([height, width], |pool| {
            [pool.windows().out_height(), pool.windows().out_width()]
        });
        self.blocks.push(Block { convolution, pool });
        self.values.push(Value::new([channels, shape[0], shape[1]]));
    }
}

impl Value {
    fn shape(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }
}

impl Convolution {
    /// A convolution with stride 1 is also an adjoint one, with its kernel turned around. Into few
    /// channels that is the better way to see it: the innermost loop of the gradient by the weight
    /// then runs over the many channels of the input.
    fn forward(layer: usize, g: Geometry) -> Self {
        if g.stride == 1 && g.padding < g.kernel && g.out_channels < g.in_channels.min(8) {
            let turned = Geometry {
                in_channels: g.out_channels,
                in_height: g.out_height,
                in_width: g.out_width,
                out_channels: g.in_channels,
                out_height: g.in_height,
                out_width: g.in_width,
                padding: g.kernel - 1 - g.padding,
                ..g
            };
            let plain = Filter::plain(&g);
            let filter = Filter {
                map_stride: plain.image_stride,
                image_stride: plain.map_stride,
                flipped: true,
            };
            return Self { layer, g: turned, filter, to_map: false };
        }
        Self { layer, g, filter: Filter::plain(&g), to_map: true }
    }
}
