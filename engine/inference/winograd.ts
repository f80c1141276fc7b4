// 3×3 convolutions with fewer multiplications: Toom-Cook in both dimensions, known as Winograd's.
// A tile of 6×6 pixels is turned into 36 numbers, the kernel too; their products, summed over
// channels by 36 matrix products, turn into 4×4 pixels: 36 multiplications instead of 144.
// Lavin and Gray 2015, https://arxiv.org/abs/1509.09308
import { availableParallelism } from 'node:os'
import type { OnnxGraph, Value } from './onnx-graph.ts'

export type Matrix = readonly (readonly number[])[]

/**
 * One dimension of a fast convolution: outputs · ((kernel · w) ⊙ (input · x)). A tile takes 6 pixels,
 * one of them before its first, and the next tile starts 4 pixels further.
 */
export interface FastConv {
  /** [products, 6] */
  readonly input: Matrix
  /** [products, 3] */
  readonly kernel: Matrix
  /** [pixels that a tile gives, products] */
  readonly output: Matrix
}

/** Pixels that a tile takes, and how far the next one is. */
const taps = 6
const step = 4

/**
 * Toom-Cook: `outputs` values of a filter of `width` taps with `outputs + width - 1` products, one for
 * each point and one for infinity.
 */
function toomCook(points: readonly number[], outputs: number, width: number): FastConv {
  const last = (n: number) => (_: unknown, i: number) => (i === n - 1 ? 1 : 0)
  const powers = (n: number) => (point: number) => Array.from({ length: n }, (_, i) => point ** i)
  const rest = (index: number) => points.filter((_, i) => i !== index)
  const scaled = (point: number, index: number) => {
    const divisor = rest(index).reduce((product, other) => product * (point - other), 1)
    return powers(width)(point).map(power => power / divisor)
  }
  const columns = [...points.map(powers(outputs)), Array.from({ length: outputs }, last(outputs))]
  return {
    input: [...points.map((_, i) => [...polynomial(rest(i)), 0]), polynomial(points)],
    kernel: [...points.map(scaled), Array.from({ length: width }, last(width))],
    output: Array.from({ length: outputs }, (_, row) => columns.map(column => column[row]!)),
  }
}

/** Coefficients of Π (x − root), constant first. */
function polynomial(roots: readonly number[]): number[] {
  let product = [1]
  for (const root of roots) {
    const shifted = [0, ...product]
    product = shifted.map((above, i) => above - root * (product[i] ?? 0))
  }
  return product
}

/**
 * F(4×4, 3×3). The points are the most accurate of those tried that float32 holds exactly: rounding
 * errors are a third of those with Lavin's 0, ±1, ±2.
 */
export const sameSize: FastConv = toomCook([0, 0.625, -0.625, 1.5, -1.5], 4, 3)

/**
 * The same after doubling the picture by nearest neighbour. Of its three taps, two always see the
 * same pixel, so each of the two phases is a filter of two taps on the small picture: 4 pixels of the
 * small one give 8, with 10 products.
 */
export const doubled: FastConv = (() => {
  const { input, kernel, output } = toomCook([0.5, -0.5, 1.25, -1.25], 4, 2)
  const even = kernel.map(([a, b]) => [a!, b!, b!])
  const odd = kernel.map(([a, b]) => [a!, a!, b!])
  const none = input.map(() => 0)
  return {
    input: [...input.map(row => [...row, 0]), ...input.map(row => [0, ...row])],
    kernel: [...even, ...odd],
    output: output.flatMap(row => [
      [...row, ...none],
      [...none, ...row],
    ]),
  }
})()

/** Both dimensions at once, rows first. */
const squared = (m: Matrix): Matrix => m.flatMap(a => m.map(b => a.flatMap(x => b.map(y => x * y))))

/** What is known of a picture while its size is not. */
export interface UsualPicture {
  /** Edge of a usual one at this layer, in pixels. Decides what pays; any size gives the same result. */
  edge: number
  /** Pictures in a usual batch: 1 by default. */
  count?: number
  /** Its edges are always multiples of 4: nothing is cut off at the end. */
  whole?: boolean
  /** It is always high enough to be computed in bands: 8 tiles of 4 rows. A whole one then is. */
  tall?: boolean
}

export interface FastConvOptions extends UsualPicture {
  /** [output channels, input channels] */
  size: readonly [number, number]
  algorithm: FastConv
}

/** Bytes that the 36 numbers of all tiles may take before a picture is cut into bands. */
const bandBytes = 160e6
const bandsMax = 8

function bandCount({ edge, count = 1, whole, tall, size, algorithm }: FastConvOptions): number {
  if (!whole || !tall) return 1
  const bytes = 4 * size[1] * count * (edge / step) ** 2 * algorithm.input.length ** 2
  return Math.min(bandsMax, Math.ceil(bytes / bandBytes))
}

/**
 * Whether this is quicker than the convolution as it is, in multiplications of one input with one
 * output channel. Measured with onnxruntime 1.30: turning a kernel costs as much as 2,200, turning a
 * tile as much as 8,600 for each channel, and bringing its pixels in order, which one thread does
 * while the others wait, 1,400.
 */
export function pays(options: FastConvOptions, threads = availableParallelism()): boolean {
  const { edge, count = 1, size, algorithm } = options
  const tiles = count * Math.ceil(edge / step) ** 2
  const pixels = algorithm.output.length ** 2
  const turning = (8600 + 1400 * threads) / Math.min(...size)
  const fast = tiles * (algorithm.input.length ** 2 + (turning * pixels) / 16) + 2200
  return fast < tiles * 9 * pixels
}

/** The kernels [out,in,3,3] in float32, `channels` outputs a part; the last may have fewer. */
export type KernelParts = (channels: number) => Value[]

/** x [B,in,H,W] → [B,out,H,W], or [B,out,2H,2W] if `doubled`. */
export function fastConv(
  graph: OnnxGraph,
  x: Value,
  parts: KernelParts,
  options: FastConvOptions,
): Value {
  const { algorithm, whole } = options
  const kernels = turnedKernels(graph, parts, options)
  if (whole) {
    const bands = bandsOf(graph, x, bandCount(options)).map(([band, top, bottom]) =>
      tiles(graph, band, kernels, options, [top, bottom]),
    )
    return joined(graph, bands, 2)
  }
  const y = tiles(graph, x, kernels, options, [1, step])
  const scale = algorithm.output.length / step
  const edges = graph.op('Shape', [x], { start: 2, end: 4 })
  const ends = scale === 1 ? edges : graph.op('Mul', [edges, graph.ints([scale])])
  return graph.op('Slice', [y, graph.ints([0, 0]), ends, graph.ints([2, 3])])
}

/** Bytes of turned kernels that are there at once. */
const kernelBytes = 32e6

/** The kernels of some output channels: [products,channels,in]. */
interface Kernels {
  channels: number
  value: Value
}

function turnedKernels(
  graph: OnnxGraph,
  kernels: KernelParts,
  { size: [outputs, inputs], algorithm }: FastConvOptions,
): Kernels[] {
  const transform = matrix(graph, squared(algorithm.kernel))
  const products = algorithm.kernel.length ** 2
  const bytes = 4 * outputs * inputs * products
  const channels = Math.ceil(outputs / Math.ceil(bytes / kernelBytes))
  return kernels(channels).map((part, i) => {
    const rows = graph.op('Reshape', [part, graph.ints([-1, 9])])
    const turned = graph.op('Gemm', [transform, rows], { transB: 1 })
    const value = graph.op('Reshape', [turned, graph.ints([products, -1, inputs])])
    return { channels: Math.min(channels, outputs - i * channels), value }
  })
}

const joined = (graph: OnnxGraph, parts: readonly Value[], axis: number): Value =>
  parts.length === 1 ? parts[0]! : graph.op('Concat', parts, { axis })

/**
 * Parts of a whole picture, and the rows of zeros above and below. Band n of N starts at tile
 * ⌊n · tiles / N⌋ and takes a row of pixels more on either side.
 */
function bandsOf(graph: OnnxGraph, x: Value, bands: number): [Value, 0 | 1, 0 | 1][] {
  if (bands === 1) return [[x, 1, 1]]
  const height = graph.op('Shape', [x], { start: 2, end: 3 })
  const rows = graph.op('Div', [height, graph.ints([step])])
  const starts = Array.from({ length: bands }, (_, band) => {
    const tile = graph.op('Div', [graph.op('Mul', [rows, graph.ints([band])]), graph.ints([bands])])
    return graph.op('Mul', [tile, graph.ints([step])])
  })
  return starts.map((start, band) => {
    const next = starts[band + 1]
    const from = band === 0 ? start : graph.op('Sub', [start, graph.ints([1])])
    const to = next ? graph.op('Add', [next, graph.ints([1])]) : height
    const part = graph.op('Slice', [x, from, to, graph.ints([2])])
    return [part, band === 0 ? 1 : 0, next ? 0 : 1]
  })
}

/** `top`, `bottom`: rows of zeros around x. Zeros beyond the last tile are not looked at. */
function tiles(
  graph: OnnxGraph,
  x: Value,
  kernels: readonly Kernels[],
  { size: [, inputs], algorithm, count }: FastConvOptions,
  [top, bottom]: readonly [number, number],
): Value {
  const reshape = (value: Value, leading: number[], trailing?: Value) => {
    const dims = graph.ints(leading)
    const shape = trailing ? graph.op('Concat', [dims, trailing], { axis: 0 }) : dims
    return graph.op('Reshape', [value, shape])
  }
  const products = algorithm.input.length ** 2
  const pixels = algorithm.output.length
  // Every channel by itself, as a picture of one channel: [B·in,products,h,w], h·w tiles.
  const input = graph.floats(
    `winograd input ${products}`,
    [products, 1, taps, taps],
    Float32Array.from(squared(algorithm.input).flat()),
  )
  const planes = reshape(x, [-1, 1], graph.op('Shape', [x], { start: 2, end: 4 }))
  const turned = graph.op('Conv', [planes, input], {
    kernel_shape: [taps, taps],
    strides: [step, step],
    pads: [top, 1, bottom, step],
  })
  const grid = graph.op('Shape', [turned], { start: 2, end: 4 })
  const perChannel = reshape(turned, [-1, inputs, products], grid)
  // A batch's tiles go into one product where there are few: [products,in,B·tiles].
  const together = (count ?? 1) > 1
  const perProduct = graph.op('Transpose', [perChannel], {
    perm: together ? [2, 1, 0, 3, 4] : [0, 2, 1, 3, 4],
  })
  const perTile = reshape(perProduct, together ? [products, inputs, -1] : [0, products, inputs, -1])
  const output = matrix(graph, squared(algorithm.output))
  const pictures = kernels.map(({ channels, value }) => {
    // [products,out,in] · [B,products,in,tiles]
    const summed = graph.op('MatMul', [value, perTile])
    const blocks = graph.op('MatMul', [
      output,
      reshape(summed, together ? [products, -1] : [0, products, -1]),
    ])
    const depth = reshape(blocks, together ? [1, -1] : [-1, pixels ** 2 * channels], grid)
    const picture = graph.op('DepthToSpace', [depth], { blocksize: pixels, mode: 'DCR' })
    if (!together) return picture
    const edges = graph.op('Shape', [picture], { start: 2, end: 4 })
    return graph.op('Transpose', [reshape(picture, [channels, -1], edges)], { perm: [1, 0, 2, 3] })
  })
  return joined(graph, pictures, 1)
}

function matrix(graph: OnnxGraph, rows: Matrix): Value {
  const dims = [rows.length, rows[0]!.length]
  return graph.floats(`winograd ${dims.join('x')}`, dims, Float32Array.from(rows.flat()))
}
