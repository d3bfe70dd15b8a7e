//! The backward pass, block by block from the last.
//!
//! Blocks pass on the gradient behind the normalization of a value and in front of its activation.
//! The step through the normalization needs sums over the batch; like the normalization itself it
//! is done where the next block lays out its rows.

use super::forward::{Cut, Network, Results};
use super::plan::{Block, Convolution, Value};
use super::view::{ByParameters, NormBackward, View};
use crate::kernels::buffer::Buffer;
use crate::kernels::channels::Sums;
use crate::kernels::conv::pass::{Pass, Weights};
use crate::kernels::conv::staged::Lay;
use crate::kernels::conv::weight::{WeightSums, accumulate, unpack};
use crate::kernels::element::{Element, Scratch};
use rayon::prelude::*;
use std::ops::Range;

/// Number of buffers in which a gradient by a weight is summed, and the bytes that all of them may
/// take, because they cost memory traffic.
const SHARDS: usize = 16;
const SHARD_BYTES: usize = 5 << 20;

/// Gradients by the parameters of the layers that have some.
pub(super) type Gradients<T> = Vec<Option<ByParameters<T>>>;

/// The results of the backward pass of a block.
struct BlockGradients<T: Element> {
    /// The masked gradient by the value before it, if it was wanted.
    before: Option<Buffer<T>>,
    /// The sums over the batch for the normalization of that value.
    sums: Vec<[f64; 2]>,
    parameters: Option<ByParameters<T>>,
}

/// The gradient by a value: the masked one, and its way in front of the normalization.
struct Gradient<T: Element> {
    masked: Buffer<T>,
    back: NormBackward<T>,
}

impl<T: Element> Network<'_, T> {
    /// Gradients by the parameters and, if `wanted`, by `xs`, from the gradient by the last value
    /// as it is read.
    pub(super) fn backward(
        &self,
        xs: &[T],
        results: &Results<T>,
        gradient: Buffer<T>,
        wanted: bool,
    ) -> (Gradients<T>, Option<Buffer<T>>) {
        let plan = self.plan;
        let mut gradients: Gradients<T> = self.parameters.iter().map(|_| None).collect();
        let last = plan.blocks.len();
        let (mut gradient, norm) = self.receive(last, results, xs, gradient);
        self.keep(last, norm, &mut gradients);
        // The first block passes nothing on to data that track no gradient.
        let first_wanted = wanted || results.views[0].is_normalized();
        let passing = &plan.blocks[usize::from(!first_wanted).min(last)..];
        let prepared = self.prepare(passing, Convolution::backward_pass, false);
        for (i, block) in plan.blocks.iter().enumerate().rev() {
            let pass_on = 0 < i || first_wanted;
            let prepared = pass_on.then(|| prepared[i + passing.len() - last].as_ref()).flatten();
            let BlockGradients { before, sums, parameters } =
                self.block_backward(i, (prepared, pass_on), xs, results, &gradient);
            if let Some(convolution) = &block.convolution {
                gradients[convolution.layer] = parameters;
            }
            let Some(masked) = before else { return (gradients, None) };
            let (norm, back) = results.views[i].norm_backward(&sums, self.count(i));
            self.keep(i, norm, &mut gradients);
            gradient = Gradient { masked, back };
        }
        if !wanted {
            return (gradients, None);
        }
        let value = &plan.values[0];
        let mut out = Buffer::new(gradient.masked.len());
        out.par_chunks_mut(value.len())
            .zip(gradient.masked.par_chunks(value.len()))
            .zip(xs.par_chunks(value.len()))
            .for_each(|((out, grad), xs)| gradient.back.apply(xs, grad, out));
        (gradients, Some(out))
    }

    /// Values per channel in the batch.
    fn count(&self, value: usize) -> f64 {
        let value = &self.plan.values[value];
        (self.plan.batch * value.height * value.width) as f64
    }

    fn keep(&self, value: usize, norm: Option<ByParameters<T>>, gradients: &mut Gradients<T>) {
        if let Some(layer) = self.plan.values[value].norm {
            gradients[layer] = norm;
        }
    }

    /// Takes the gradient by a value as read in front of its activation, in place.
    fn receive(
        &self,
        i: usize,
        results: &Results<T>,
        xs: &[T],
        mut gradient: Buffer<T>,
    ) -> (Gradient<T>, Option<ByParameters<T>>) {
        let (value, view) = (&self.plan.values[i], &results.views[i]);
        let mut totals = Vec::new();
        if !view.is_plain() {
            let parts: Vec<Vec<[f64; 2]>> = gradient
                .par_chunks_mut(value.len())
                .zip(results.value(i, xs).par_chunks(value.len()))
                .map(|(grad, ys)| {
                    let mut sums = Sums::new(value.channels);
                    view.receive(ys, grad, &mut sums);
                    sums.totals()
                })
                .collect();
            totals = add_up(&parts, value.channels);
        }
        let (norm, back) = view.norm_backward(&totals, self.count(i));
        (Gradient { masked: gradient, back }, norm)
    }

    /// The backward pass of one block; `pass_on` tells whether the gradient by the value before it
    /// is wanted.
    fn block_backward(
        &self,
        i: usize,
        (prepared, pass_on): (Option<&(Pass, Weights<T>)>, bool),
        xs: &[T],
        results: &Results<T>,
        gradient: &Gradient<T>,
    ) -> BlockGradients<T> {
        let plan = self.plan;
        let block = &plan.blocks[i];
        let (before, after) = (&plan.values[i], &plan.values[i + 1]);
        let mut out = pass_on.then(|| Buffer::new(plan.batch * before.len()));
        let bytes = (before.len() + block.full_len(after)) * size_of::<T>();
        let weight_bytes = block.convolution.map_or(1, |c| c.g.weight_len() * size_of::<T>());
        let shards = (SHARD_BYTES / weight_bytes).clamp(2, SHARDS);
        let height = block.convolution.map_or(before.height, |c| c.g.out_height);
        let cut = Cut::new(plan.batch, height, bytes, shards);

        // Parts in the order of memory, each with its rows of the result.
        let mut rest = out.as_deref_mut().unwrap_or(&mut []);
        let mut parts = Vec::new();
        for (images, rows) in cut.parts() {
            let own_rows = block.rows_before(&rows, before.height, height);
            let len = images.len() * own_rows.len() * before.row_len();
            let (own, others) = rest.split_at_mut(len.min(rest.len()));
            rest = others;
            parts.push(Part { images, rows, own_rows, out: pass_on.then_some(own) });
        }
        let n_parts = parts.len();
        let n_shards = shards.min(n_parts).max(1);
        let mut parts = parts.into_iter();
        let shards: Vec<Vec<Part<'_, T>>> = (0..n_shards)
            .map(|s| {
                let n = (s + 1) * n_parts / n_shards - s * n_parts / n_shards;
                parts.by_ref().take(n).collect()
            })
            .collect();

        let step = Step { network: self, i, block, xs, results, gradient, prepared };
        let shards: Vec<Shard<T>> = shards
            .into_par_iter()
            .with_max_len(1)
            .map(|parts| {
                let mut shard = Shard::new(&step);
                for part in parts {
                    step.part(part, &mut shard);
                    shard.bias.flush();
                    shard.sums.flush();
                }
                shard
            })
            .collect();

        let (mut weight_sums, mut bias_sums, mut sums) = (Vec::new(), Vec::new(), Vec::new());
        for shard in shards {
            weight_sums.extend(shard.weight);
            bias_sums.push(shard.bias.totals());
            sums.push(shard.sums.totals());
        }
        let parameters = block.convolution.map(|c| {
            let weight = unpack(&c.g, &c.filter, self.level, weight_sums);
            let bias = add_up(&bias_sums, after.channels);
            [weight, bias.iter().map(|sums| T::lit(sums[0])).collect()]
        });
        BlockGradients { before: out, sums: add_up(&sums, before.channels), parameters }
    }
}

impl Block {
    /// Elements of an image in front of the pool.
    fn full_len(&self, after: &Value) -> usize {
        self.pool.map_or(after.len(), |pool| pool.windows().len())
    }

    /// The rows of the value before the block that belong to a part: all parts together have each
    /// row once.
    fn rows_before(&self, rows: &Range<usize>, height: usize, map_height: usize) -> Range<usize> {
        match &self.convolution {
            Some(Convolution { g, to_map: true, .. }) => {
                strided(rows, g.stride, map_height, height)
            }
            _ => rows.clone(),
        }
    }
}

/// Image rows that go with some rows of the map, `s` with each, the rest with the last.
fn strided(rows: &Range<usize>, s: usize, map_height: usize, height: usize) -> Range<usize> {
    let end = if rows.end == map_height { height } else { (rows.end * s).min(height) };
    (rows.start * s).min(end)..end
}

/// Some rows of some images.
struct Part<'a, T> {
    images: Range<usize>,
    /// Of the map; without a convolution, of the value before the block.
    rows: Range<usize>,
    /// Of the value before the block.
    own_rows: Range<usize>,
    out: Option<&'a mut [T]>,
}

/// Sums over a few parts, in order.
struct Shard<T: Element> {
    weight: Option<WeightSums<T>>,
    bias: Sums<T>,
    sums: Sums<T>,
}

impl<T: Element> Shard<T> {
    fn new(step: &Step<'_, T>) -> Self {
        let plan = step.network.plan;
        let convolution = step.block.convolution.as_ref();
        Self {
            weight: convolution.map(|c| WeightSums::new(&c.g, step.network.level)),
            bias: Sums::new(plan.values[step.i + 1].channels),
            sums: Sums::new(plan.values[step.i].channels),
        }
    }
}

/// The backward pass of one block.
struct Step<'a, T: Element> {
    network: &'a Network<'a, T>,
    i: usize,
    block: &'a Block,
    xs: &'a [T],
    results: &'a Results<T>,
    gradient: &'a Gradient<T>,
    /// `None` if nothing is passed on.
    prepared: Option<&'a (Pass, Weights<T>)>,
}

impl<T: Element> Step<'_, T> {
    fn view(&self) -> &View<T> {
        &self.results.views[self.i]
    }

    /// A row of the value before the block.
    fn row_before(&self, image: usize, y: usize) -> &[T] {
        let value = &self.network.plan.values[self.i];
        let values = self.results.value(self.i, self.xs);
        &values[image * value.len() + y * value.row_len()..][..value.row_len()]
    }

    /// The gradient by a row in front of the pool; `pooled` is scratch.
    fn gradient_row(&self, image: usize, y: usize, pooled: &mut Vec<T>, out: &mut [T]) {
        let value = &self.network.plan.values[self.i + 1];
        let place = |y: usize| image * value.len() + y * value.row_len();
        let Gradient { masked, back } = self.gradient;
        // Plain values are not kept, and not needed.
        let values = self.results.values.get(self.i).map_or(&[][..], |values| values);
        let row = |from: usize| values.get(from..from + value.row_len()).unwrap_or(&[]);
        match &self.block.pool {
            None => {
                let from = place(y);
                back.apply(row(from), &masked[from..][..value.row_len()], out);
            }
            Some(pool) => {
                let k = pool.windows().k;
                if y / k >= value.height {
                    out.fill(T::ZERO);
                    return;
                }
                let from = place(y / k);
                pooled.resize(value.row_len(), T::ZERO);
                back.apply(row(from), &masked[from..][..value.row_len()], pooled);
                let argmax = &self.results.argmax[self.i][from..][..value.row_len()];
                pool.backward_row(y % k, row(from), argmax, pooled, out);
            }
        }
    }

    fn part(&self, part: Part<'_, T>, shard: &mut Shard<T>) {
        if let Some(convolution) = &self.block.convolution {
            self.convolution(convolution, part, shard);
            return;
        }
        let Part { images, own_rows, out, .. } = part;
        let (Some(out), mut pooled) = (out, Vec::new()) else { return };
        let mut rows = out.chunks_exact_mut(self.network.plan.values[self.i].row_len());
        for image in images {
            for (y, row) in own_rows.clone().zip(&mut rows) {
                self.gradient_row(image, y, &mut pooled, row);
                self.finish(image, y, row, &mut shard.sums);
            }
        }
    }

    /// Through the activation of the value before the block.
    fn finish(&self, image: usize, y: usize, row: &mut [T], sums: &mut Sums<T>) {
        let values = self.row_before(image, y);
        self.view().receive(values, row, sums);
    }

    fn convolution(&self, c: &Convolution, part: Part<'_, T>, shard: &mut Shard<T>) {
        let Part { images, rows, own_rows, out } = part;
        let (first, n_images) = (images.start, images.len());
        let before = &self.network.plan.values[self.i];
        let g = &c.g;
        // Rows of the gradient: what the weight needs, and what the gradient of our own rows sees.
        let image_rows = strided(&rows, g.stride, g.out_height, g.in_height);
        let (source_rows, gradient_rows, bias_rows) = if c.to_map {
            let seen = g.map_rows(&own_rows);
            let all =
                seen.start.min(rows.start.cast_signed())..seen.end.max(rows.end.cast_signed());
            (g.image_rows(&rows), all, rows.clone())
        } else {
            let seen = g.image_rows(&rows);
            let all = seen.start.min(image_rows.start.cast_signed())
                ..seen.end.max(image_rows.end.cast_signed());
            (rows.start.cast_signed()..rows.end.cast_signed(), all, image_rows)
        };
        let (source_cols, gradient_cols) = if c.to_map {
            (g.image_cols(), g.map_cols())
        } else {
            (0..g.out_width.cast_signed(), g.image_cols())
        };
        let (gradient_size, gradient_channels) = if c.to_map {
            ((g.out_height, g.out_width), g.out_channels)
        } else {
            ((g.in_height, g.in_width), g.in_channels)
        };
        let gradient_lay = Lay {
            rows: gradient_rows,
            cols: gradient_cols,
            height: gradient_size.0,
            width: gradient_size.1,
            channels: gradient_channels,
        };
        let source_lay = Lay {
            rows: source_rows,
            cols: source_cols,
            height: before.height,
            width: before.width,
            channels: before.channels,
        };
        // Behind a bias, a normalization over the batch takes the mean off again: its gradient
        // is 0.
        let balanced = self.block.pool.is_none() && self.network.measures(self.i + 1);
        let mut pooled = Vec::new();
        let Shard { weight, bias, sums } = shard;
        gradient_lay.stage(
            Scratch::Gradient,
            n_images,
            |image, y, row: &mut [T]| {
                self.gradient_row(first + image, y, &mut pooled, row);
                if !balanced && bias_rows.contains(&y) {
                    bias.add(row);
                }
            },
            |gradient| {
                if let Some(weight) = weight {
                    source_lay.stage(
                        Scratch::Source,
                        n_images,
                        |image, y, row: &mut [T]| {
                            self.view().read(self.row_before(first + image, y), row);
                        },
                        |source| {
                            let (image, map) =
                                if c.to_map { (source, gradient) } else { (gradient, source) };
                            let level = self.network.level;
                            accumulate(g, level, image, map, n_images, &rows, weight);
                        },
                    );
                }
                if let (Some((pass, weights)), Some(out)) = (self.prepared, out) {
                    pass.run(weights, gradient, n_images, &own_rows, out);
                    let mut out_rows = out.chunks_exact_mut(before.row_len());
                    for image in images {
                        for (y, row) in own_rows.clone().zip(&mut out_rows) {
                            self.finish(image, y, row, sums);
                        }
                    }
                }
            },
        );
    }
}

/// The sum of sums per channel, in order.
fn add_up(parts: &[Vec<[f64; 2]>], channels: usize) -> Vec<[f64; 2]> {
    let mut totals = vec![[0.0; 2]; channels];
    for part in parts {
        for (total, part) in totals.iter_mut().zip(part) {
            total[0] += part[0];
            total[1] += part[1];
        }
    }
    totals
}
