// Resizing of pictures within a graph, to a size that is known when it runs.
import {
  type Attribute,
  DataType,
  type OnnxGraph,
  real,
  type Value,
} from '../inference/onnx-graph.ts'

export const resizeWays = ['bicubic', 'nearest-exact', 'bilinear', 'area', 'bislerp'] as const
export type ResizeWay = (typeof resizeWays)[number]

/** [2]: height and width of [B,C,H,W]. */
export const sizeOf = (graph: OnnxGraph, x: Value): Value =>
  graph.op('Shape', [x], { start: 2, end: 4 })

const half = { coordinate_transformation_mode: 'half_pixel' }
const attributes: Record<Exclude<ResizeWay, 'area' | 'bislerp'>, Record<string, Attribute>> = {
  bicubic: { ...half, mode: 'cubic', cubic_coeff_a: real(-0.75) },
  bilinear: { ...half, mode: 'linear' },
  'nearest-exact': { ...half, mode: 'nearest', nearest_mode: 'round_prefer_ceil' },
}

/** [B,C,H,W] → [B,C,…size], as torch's `interpolate`; 'bislerp' as sampling/bislerp.ts. */
export function resized(graph: OnnxGraph, x: Value, size: Value, way: ResizeWay): Value {
  if (way === 'area') return averaged(graph, x, size)
  if (way === 'bislerp') return turned(graph, x, size)
  const channels = graph.op('Shape', [x], { start: 0, end: 2 })
  const sizes = graph.op('Concat', [channels, size], { axis: 0 })
  return graph.op('Resize', [x, '', '', sizes], attributes[way])
}

/** Each output is the mean of all pixels that it touches: rows · x · columnsᵀ. */
function averaged(graph: OnnxGraph, x: Value, size: Value): Value {
  const [height, width] = graph.ops('Split', [size], { axis: 0, num_outputs: 2 }, 2)
  const [h, w] = graph.ops('Split', [sizeOf(graph, x)], { axis: 0, num_outputs: 2 }, 2)
  const rows = graph.op('MatMul', [meansOf(graph, h!, height!), x])
  const columns = graph.op('Transpose', [meansOf(graph, w!, width!)], { perm: [1, 0] })
  return graph.op('MatMul', [rows, columns])
}

/** [to,from]: shares of the pixels ⌊i·from/to⌋ … ⌈(i+1)·from/to⌉ − 1 in output i. */
function meansOf(graph: OnnxGraph, from: Value, to: Value): Value {
  const outputs = graph.op('Unsqueeze', [upTo(graph, to), graph.ints([1])])
  const pixels = graph.op('Unsqueeze', [upTo(graph, from), graph.ints([0])])
  // Whole numbers throughout: ⌈a / b⌉ = ⌊(a + b − 1) / b⌋.
  const begin = graph.op('Div', [graph.op('Mul', [outputs, from]), to])
  const next = graph.op('Mul', [graph.op('Add', [outputs, graph.ints([1])]), from])
  const last = graph.op('Sub', [graph.op('Add', [next, to]), graph.ints([1])])
  const end = graph.op('Div', [last, to])
  const inside = graph.op('And', [
    graph.op('GreaterOrEqual', [pixels, begin]),
    graph.op('Less', [pixels, end]),
  ])
  return graph.op('Div', [float(graph, inside), float(graph, graph.op('Sub', [end, begin]))])
}

/** Neighbours as vectors over the channels, interpolated on the sphere: across, then down. */
function turned(graph: OnnxGraph, x: Value, size: Value): Value {
  const [height, width] = graph.ops('Split', [size], { axis: 0, num_outputs: 2 }, 2)
  const [h, w] = graph.ops('Split', [sizeOf(graph, x)], { axis: 0, num_outputs: 2 }, 2)
  return turnedAlong(graph, turnedAlong(graph, x, w!, width!, 3), h!, height!, 2)
}

/** Nearly parallel, or nearly opposite: the angle says nothing. */
const flat = 1e-5

function turnedAlong(graph: OnnxGraph, x: Value, from: Value, to: Value, axis: 2 | 3): Value {
  const { low, next, share } = neighbours(graph, from, to)
  const number = (value: number) => graph.scalar(value)
  const [a, b] = [low, next].map(places => graph.op('Gather', [x, places], { axis })) as [
    Value,
    Value,
  ]
  // [to,1] for rows, [to] for columns: as it spreads over [B,1,H,W].
  const take = axis === 2 ? graph.op('Unsqueeze', [share, graph.ints([1])]) : share
  const keep = graph.op('Sub', [number(1), take])
  const sum = (value: Value) => graph.op('ReduceSum', [value, graph.ints([1])], { keepdims: 1 })
  const [longA, longB] = [a, b].map(v => graph.op('Sqrt', [sum(graph.op('Mul', [v, v]))])) as [
    Value,
    Value,
  ]
  const least = number(1e-30)
  const per = (value: Value, length: Value) =>
    graph.op('Div', [value, graph.op('Max', [length, least])])
  const cosine = sum(graph.op('Mul', [per(a, longA), per(b, longB)]))
  const angle = graph.op('Acos', [graph.op('Clip', [cosine, number(flat - 1), number(1 - flat)])])
  const length = graph.op('Add', [graph.op('Mul', [longA, keep]), graph.op('Mul', [longB, take])])
  const part = (share: Value, v: Value, long: Value) => {
    const sine = graph.op('Sin', [graph.op('Mul', [share, angle])])
    return graph.op('Mul', [per(v, long), graph.op('Div', [sine, graph.op('Sin', [angle])])])
  }
  const onSphere = graph.op('Mul', [
    graph.op('Add', [part(keep, a, longA), part(take, b, longB)]),
    length,
  ])
  const straight = graph.op('Add', [graph.op('Mul', [a, keep]), graph.op('Mul', [b, take])])
  const opposite = graph.op('Less', [cosine, number(flat - 1)])
  const parallel = graph.op('Greater', [cosine, number(1 - flat)])
  const turned = graph.op('Where', [opposite, straight, onSphere])
  return graph.op('Where', [parallel, a, turned])
}

/** For each of `to` outputs the pixel before it, the one after, and the share of the latter. */
function neighbours(graph: OnnxGraph, from: Value, to: Value) {
  const outputs = graph.op('Add', [float(graph, upTo(graph, to)), graph.scalar(0.5)])
  const scale = graph.op('Div', [float(graph, from), float(graph, to)])
  const place = graph.op('Sub', [graph.op('Mul', [outputs, scale]), graph.scalar(0.5)])
  const end = graph.op('Sub', [from, graph.ints([1])])
  const inside = graph.op('Min', [graph.op('Max', [place, graph.scalar(0)]), float(graph, end)])
  const floor = graph.op('Floor', [inside])
  const low = graph.op('Cast', [floor], { to: DataType.int64 })
  const next = graph.op('Min', [graph.op('Add', [low, graph.ints([1])]), end])
  return { low, next, share: graph.op('Sub', [inside, floor]) }
}

/** [count] → 0 … count − 1 */
const upTo = (graph: OnnxGraph, count: Value): Value =>
  graph.op(
    'Range',
    [graph.ints([0]), count, graph.ints([1])].map(n => graph.op('Squeeze', [n])),
  )

const float = (graph: OnnxGraph, value: Value): Value =>
  graph.op('Cast', [value], { to: DataType.float })
