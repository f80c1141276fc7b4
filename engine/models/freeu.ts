// FreeU: the UNet's way up listens more to itself and less to the coarse waves of what skips.
// https://arxiv.org/abs/2309.11497, https://github.com/ChenyangSi/FreeU (MIT)
import type { Layers } from '../inference/layers.ts'
import { DataType, type OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { FreeU } from './kinds.ts'
import type { UnetHooks } from './unet-changes.ts'

/** How much wider than the first level the two stages are that it works on. */
const stages = [4, 2]

export function installFreeU(
  layers: Layers,
  name: string,
  version: FreeU['version'],
  modelChannels: number,
): UnetHooks {
  const { graph } = layers
  const number = (what: string) => graph.input(`${name}.${what}`, DataType.float, [])
  const factors = stages.map((_, i) => ({ own: number(`b${i + 1}`), skipped: number(`s${i + 1}`) }))
  return {
    join(h, skip, width) {
      const stage = stages.findIndex(times => times * modelChannels === width)
      if (stage < 0) return [h, skip]
      const { own, skipped } = factors[stage]!
      return [strengthened(layers, h, own, version, width), damped(layers, skip, skipped)]
    },
  }
}

export function freeUFeeds(name: string, { backbone, skip }: FreeU): Record<string, Tensor> {
  const numbers = { b1: backbone[0], b2: backbone[1], s1: skip[0], s2: skip[1] }
  return Object.fromEntries(
    Object.entries(numbers).map(([what, value]) => [
      `${name}.${what}`,
      tensor([], Float32Array.of(value)),
    ]),
  )
}

/** The first half of the channels times `factor`; version 2 by how much happens at each place. */
function strengthened(
  { graph }: Layers,
  h: Value,
  factor: Value,
  version: FreeU['version'],
  width: number,
): Value {
  const halves = [width >> 1, width - (width >> 1)]
  const [first, rest] = graph.ops('Split', [h, graph.ints(halves)], { axis: 1 }, 2)
  const gain = version === 1 ? factor : gainByPlace(graph, h, factor)
  return graph.op('Concat', [graph.op('Mul', [first!, gain]), rest!], { axis: 1 })
}

/** [B,1,H,W]: from 1 where the mean over the channels is lowest to `factor` where it is highest. */
function gainByPlace(graph: OnnxGraph, h: Value, factor: Value): Value {
  const mean = graph.op('ReduceMean', [h, graph.ints([1])], { keepdims: 1 })
  const of = (what: string) => graph.op(what, [mean, graph.ints([1, 2, 3])], { keepdims: 1 })
  const [low, high] = [of('ReduceMin'), of('ReduceMax')]
  const share = graph.op('Div', [graph.op('Sub', [mean, low]), graph.op('Sub', [high, low])])
  const more = graph.op('Sub', [factor, graph.scalar(1)])
  return graph.op('Add', [graph.op('Mul', [share, more]), graph.scalar(1)])
}

/**
 * Scales the spectrum's middle, the 2 × 2 frequencies −1 and 0 of each axis, by `factor`. Only four
 * frequencies change, so their waves are taken out and put back instead of a whole Fourier
 * transform: x + (factor − 1) · waves(x).
 */
function damped(layers: Layers, x: Value, factor: Value): Value {
  const { graph } = layers
  const [height, width] = [2, 3].map(axis =>
    graph.op('Cast', [graph.op('Shape', [x], { start: axis, end: axis + 1 })], {
      to: DataType.float,
    }),
  ) as [Value, Value]
  const basis = waves(graph, height, width)
  const rows = graph.op('Reshape', [x, graph.ints([0, 0, -1])])
  const amounts = graph.op('MatMul', [rows, graph.op('Transpose', [basis], { perm: [1, 0] })])
  const sum = graph.op('MatMul', [amounts, basis])
  const mean = graph.op('Div', [sum, graph.op('Mul', [height, width])])
  const low = graph.op('Reshape', [mean, graph.op('Shape', [x])])
  return layers.add(x, graph.op('Mul', [low, graph.op('Sub', [factor, graph.scalar(1)])]))
}

/** [7,H·W]: the constant, then cosine and sine down, across and along the diagonal. */
function waves(graph: OnnxGraph, height: Value, width: Value): Value {
  const turn = (size: Value) => {
    const end = graph.op('Squeeze', [size])
    const steps = graph.op('Range', [graph.scalar(0), end, graph.scalar(1)])
    return graph.op('Mul', [graph.op('Div', [steps, size]), graph.scalar(2 * Math.PI)])
  }
  const down = graph.op('Unsqueeze', [turn(height), graph.ints([1])])
  const across = graph.op('Unsqueeze', [turn(width), graph.ints([0])])
  const still = graph.op('Mul', [graph.op('Add', [down, across]), graph.scalar(0)])
  const angles = [down, across, graph.op('Add', [down, across])].map(angle =>
    graph.op('Reshape', [graph.op('Add', [angle, still]), graph.ints([1, -1])]),
  )
  const one = graph.op('Cos', [graph.op('Reshape', [still, graph.ints([1, -1])])])
  const both = angles.flatMap(angle => [graph.op('Cos', [angle]), graph.op('Sin', [angle])])
  return graph.op('Concat', [one, ...both], { axis: 0 })
}
