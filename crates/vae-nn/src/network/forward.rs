//! The forward pass, block by block.

use super::plan::{Block, Convolution, Plan, Value};
use super::view::{Moments, View};
use crate::kernels::buffer::Buffer;
use crate::kernels::conv::pass::{Packing, Pass, Weights};
use crate::kernels::conv::staged::Lay;
use crate::kernels::element::{Element, Scratch, with_scratch};
use crate::kernels::micro::level::Level;
use crate::layers::batch_norm::Statistics;
use rayon::prelude::*;
use std::ops::Range;

/// Approximate bytes of input that a task lays out in the second-level cache.
const TASK_BYTES: usize = 256 << 10;

/// Smallest number of tasks for a block of a batch. It is a constant in training, because the sums
/// over the parts of a batch must not depend on the number of threads.
const TRAIN_TASKS: usize = 8;

/// Number of weights up to which one thread brings them into order faster than several.
const SERIAL: usize = 1 << 14;

/// Bytes that the largest value may take for the images that go through all blocks together when
/// nothing is kept.
const CHUNK_BYTES: usize = 4 << 20;

/// Weight and bias of each layer that has them.
pub(super) type Parameters<'a, T> = [Option<[&'a [T]; 2]>];

/// What is known about the layers before the pass.
pub(super) struct Network<'a, T> {
    pub(super) plan: &'a Plan,
    pub(super) parameters: &'a Parameters<'a, T>,
    /// Statistics of each normalization in evaluation; in training they are taken from the batch.
    pub(super) fixed: &'a [Option<Statistics>],
    pub(super) train: bool,
    pub(super) level: Level,
}

/// The results of all blocks.
pub(super) struct Results<T: Element> {
    /// One per block: the value behind it.
    pub(super) values: Vec<Buffer<T>>,
    /// One per value: how it is read.
    pub(super) views: Vec<View<T>>,
    /// One per block: the places of the maxima; empty for a block without a maximum pool.
    pub(super) argmax: Vec<Vec<u16>>,
}

impl<T: Element> Results<T> {
    /// The stored values before block `i`, and behind it `i + 1`.
    pub(super) fn value<'a>(&'a self, i: usize, xs: &'a [T]) -> &'a [T] {
        if i == 0 { xs } else { &self.values[i - 1] }
    }
}

/// The way through the convolution of a block, and the weights in its order.
pub(super) type Prepared<T> = Option<(Pass, Weights<T>)>;

impl<T: Element> Network<'_, T> {
    /// Brings the weights of some blocks into the order of `pass`, all at once, with the biases if
    /// `biased`.
    pub(super) fn prepare(
        &self,
        blocks: &[Block],
        pass: impl Fn(&Convolution) -> Pass,
        biased: bool,
    ) -> Vec<Prepared<T>> {
        let parameters = |c: &Convolution| self.parameters[c.layer].unwrap_or([&[], &[]]);
        let prepare = |c: &Convolution| {
            let pass = pass(c);
            let weights = pass.weights(self.level, biased.then_some(parameters(c)[1]));
            (pass, weights)
        };
        let mut all: Vec<Prepared<T>> =
            blocks.iter().map(|block| block.convolution.as_ref().map(prepare)).collect();
        let mut packings = Vec::new();
        for (block, prepared) in blocks.iter().zip(&mut all) {
            if let (Some(c), Some((pass, weights))) = (&block.convolution, prepared) {
                packings.extend(pass.packings(parameters(c)[0], weights));
            }
        }
        if packings.iter().map(Packing::len).sum::<usize>() < SERIAL {
            packings.into_iter().for_each(Packing::run);
        } else {
            packings.into_par_iter().with_max_len(1).for_each(Packing::run);
        }
        all
    }

    /// The first `blocks` blocks for `batch` images `xs`, channels innermost; all results are kept.
    pub(super) fn forward(&self, xs: &[T], batch: usize, blocks: usize) -> Results<T> {
        let mut results = Results { values: Vec::new(), views: Vec::new(), argmax: Vec::new() };
        let moments = if self.measures(0) {
            let value = &self.plan.values[0];
            xs.par_chunks(value.len()).map(|image| Moments::of(image, value.channels)).collect()
        } else {
            Vec::new()
        };
        results.views.push(self.view(0, &moments));
        let blocks = &self.plan.blocks[..blocks];
        let prepared = self.prepare(blocks, Convolution::forward_pass, true);
        for (i, block) in blocks.iter().enumerate() {
            let mut out = Buffer::new(batch * self.plan.values[i + 1].len());
            let argmax_len = if block.pool.is_some() { out.len() } else { 0 };
            let mut argmax = vec![0; argmax_len];
            let source = (results.value(i, xs), &results.views[i]);
            let moments =
                self.block(i, prepared[i].as_ref(), source, batch, (&mut out, &mut argmax));
            results.values.push(out);
            results.argmax.push(argmax);
            results.views.push(self.view(i + 1, &moments));
        }
        results
    }

    /// The last value as it is read, for all images in `xs`, without keeping anything:
    /// `write(images, values, view)` gets a few images at a time.
    pub(super) fn infer(&self, xs: &[T], mut write: impl FnMut(Range<usize>, &[T], &View<T>)) {
        let plan = self.plan;
        let image = plan.values[0].len();
        let largest = plan.values.iter().map(Value::len).max().unwrap_or(1);
        let chunk = (CHUNK_BYTES / (largest * size_of::<T>()).max(1)).max(1);
        let prepared = self.prepare(&plan.blocks, Convolution::forward_pass, true);
        let mut first = 0;
        for xs in xs.chunks(chunk * image) {
            let batch = xs.len() / image;
            let mut view = self.view(0, &[]);
            let mut value: Option<Buffer<T>> = None;
            for (i, block) in plan.blocks.iter().enumerate() {
                let mut out = Buffer::new(batch * plan.values[i + 1].len());
                let argmax_len = if block.pool.is_some() { out.len() } else { 0 };
                let mut argmax = vec![0; argmax_len];
                let source = (value.as_deref().unwrap_or(xs), &view);
                let _ = self.block(i, prepared[i].as_ref(), source, batch, (&mut out, &mut argmax));
                value = Some(out);
                view = self.view(i + 1, &[]);
            }
            write(first..first + batch, value.as_deref().unwrap_or(xs), &view);
            first += batch;
        }
    }

    /// Whether the statistics of a value are taken from the batch.
    pub(super) fn measures(&self, value: usize) -> bool {
        self.train && self.plan.values[value].norm.is_some()
    }

    fn view(&self, i: usize, moments: &[Moments]) -> View<T> {
        let value = &self.plan.values[i];
        let norm = value.norm.and_then(|layer| {
            let [weight, bias] = self.parameters[layer]?;
            let statistics = match &self.fixed[layer] {
                Some(fixed) => fixed.clone(),
                None => Moments::merge(moments, value.channels),
            };
            Some((statistics, weight, bias, self.train))
        });
        View::new(norm, value.slope.unwrap_or(1.0))
    }

    /// Computes the value behind block `i` and, where it will be normalized, the moments of its
    /// parts.
    fn block(
        &self,
        i: usize,
        prepared: Option<&(Pass, Weights<T>)>,
        source: (&[T], &View<T>),
        batch: usize,
        (out, argmax): (&mut [T], &mut [u16]),
    ) -> Vec<Moments> {
        let (block, value) = (&self.plan.blocks[i], &self.plan.values[i + 1]);
        let wanted = if self.train { TRAIN_TASKS } else { rayon::current_num_threads() };
        let source_bytes = self.plan.values[i].len() * size_of::<T>();
        let cut = Cut::new(batch, value.height, source_bytes, wanted);
        let mut tasks = Vec::new();
        let (mut out, mut argmax) = (out, argmax);
        for (images, rows) in cut.parts() {
            let len = images.len() * rows.len() * value.row_len();
            let (own_out, other_out) = out.split_at_mut(len);
            let (own_argmax, other_argmax) = argmax.split_at_mut(len.min(argmax.len()));
            (out, argmax) = (other_out, other_argmax);
            tasks.push(Task { images, rows, out: own_out, argmax: own_argmax });
        }
        let measures = self.measures(i + 1);
        let run = |mut task: Task<'_, T>| {
            self.task(i, block, source, prepared, &mut task);
            measures.then(|| Moments::of(task.out, value.channels))
        };
        if let [_] = &tasks[..] {
            tasks.into_iter().filter_map(run).collect()
        } else {
            let moments: Vec<Option<Moments>> =
                tasks.into_par_iter().with_max_len(1).map(run).collect();
            moments.into_iter().flatten().collect()
        }
    }

    fn task(
        &self,
        i: usize,
        block: &Block,
        (xs, view): (&[T], &View<T>),
        prepared: Option<&(Pass, Weights<T>)>,
        task: &mut Task<'_, T>,
    ) {
        let (before, after) = (&self.plan.values[i], &self.plan.values[i + 1]);
        let first = task.images.start;
        let n_images = task.images.len();
        let source_row = |image: usize, y: usize| {
            &xs[(first + image) * before.len() + y * before.row_len()..][..before.row_len()]
        };
        // All rows that are computed: with a pool more than come out.
        let k = block.pool.map_or(1, |pool| pool.windows().k);
        let full = task.rows.start * k..task.rows.end * k;
        let compute = |full_out: &mut [T]| {
            let Some((pass, weights)) = prepared else {
                let mut rows = full_out.chunks_exact_mut(before.row_len());
                for image in 0..n_images {
                    for (y, row) in full.clone().zip(&mut rows) {
                        view.read(source_row(image, y), row);
                    }
                }
                return;
            };
            let lay = Lay {
                rows: pass.source_rows(&full),
                cols: pass.source_cols(),
                height: before.height,
                width: before.width,
                channels: before.channels,
            };
            lay.stage(
                Scratch::Source,
                n_images,
                |image, y, row| view.read(source_row(image, y), row),
                |staged| pass.run(weights, staged, n_images, &full, full_out),
            );
        };
        let Some(pool) = &block.pool else {
            compute(task.out);
            return;
        };
        let full_len = pool.windows().row_len() * k;
        with_scratch(Scratch::Rows, n_images * task.rows.len() * full_len, |rows| {
            compute(rows);
            let outs = task.out.chunks_exact_mut(after.row_len());
            let argmax = task.argmax.chunks_exact_mut(after.row_len());
            for ((rows, out), argmax) in rows.chunks_exact(full_len).zip(outs).zip(argmax) {
                pool.row(rows, out, argmax);
            }
        });
    }
}

impl Convolution {
    /// The way that the values take.
    pub(super) fn forward_pass(&self) -> Pass {
        if self.to_map {
            Pass::gather(self.g, self.filter)
        } else {
            Pass::spread(self.g, self.filter)
        }
    }

    /// The way that the gradient by them takes.
    pub(super) fn backward_pass(&self) -> Pass {
        if self.to_map {
            Pass::spread(self.g, self.filter)
        } else {
            Pass::gather(self.g, self.filter)
        }
    }
}

/// Part of a value to compute.
struct Task<'a, T> {
    images: Range<usize>,
    rows: Range<usize>,
    out: &'a mut [T],
    argmax: &'a mut [u16],
}

/// How a batch is cut: several whole images, or bands of the rows of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    batch: usize,
    height: usize,
    images: usize,
    rows: usize,
}

impl Cut {
    /// Parts that lay out about `TASK_BYTES` each, at least `wanted` of them if possible.
    pub(super) fn new(batch: usize, height: usize, bytes_per_image: usize, wanted: usize) -> Self {
        let bands = bytes_per_image.div_ceil(TASK_BYTES).max(wanted.div_ceil(batch.max(1)));
        let images = if bands == 1 {
            (TASK_BYTES / bytes_per_image.max(1)).min(batch / wanted.max(1)).max(1)
        } else {
            1
        };
        Self { batch, height, images, rows: height.div_ceil(bands).max(1) }
    }

    /// The parts in the order of memory.
    pub(super) fn parts(self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let Self { batch, height, images, rows } = self;
        (0..batch).step_by(images).flat_map(move |first| {
            let images = first..(first + images).min(batch);
            (0..height).step_by(rows).map(move |y| (images.clone(), y..(y + rows).min(height)))
        })
    }
}
