// Layers with 8-bit integers: inputs are rounded as they come, one scale for all; weights beforehand,
// one scale an output. Three to five times as quick where the processor has AMX or VNNI, and the
// picture differs a little. Operators that onnxruntime contributes:
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
import { DataType, type OnnxGraph, type Value } from './onnx-graph.ts'
import { type Weights, weight } from './weights.ts'

export interface Int8Layer {
  /** As `int8Weights` gives them. */
  rounded: Weights
  /** Name of the weight. */
  name: string
  /** float32 [out] */
  bias?: Value
}

/** Levels [in,out] and scales [out]. */
const operands = (graph: OnnxGraph, { rounded, name }: Int8Layer): [Value, Value] => [
  graph.external(weight(rounded, name), DataType.int8),
  graph.external(weight(rounded, scaleOf(name)), DataType.float),
]

export const scaleOf = (name: string): string => `${name} scale`

/** [..., in] → [..., out] */
export function int8Linear(graph: OnnxGraph, x: Value, layer: Int8Layer): Value {
  const [w, scale] = operands(graph, layer)
  return graph.op('DynamicQuantizeMatMul', [x, w, scale, '', layer.bias ?? ''])
}

/** A 3×3 kernel over x [B,in,H,W] that keeps the size, or with stride 2 halves it, rounded up. */
export function int8Conv(graph: OnnxGraph, x: Value, layer: Int8Layer, stride: number): Value {
  const [w, scale] = operands(graph, layer)
  const [levels, step, zero] = graph.ops('DynamicQuantizeLinear', [x], {}, 3)
  const rows = graph.op('Transpose', [levels!], { perm: [0, 2, 3, 1] })
  const patches = neighbours(graph, rows, zero!, stride)
  const bias = layer.bias ?? ''
  const y = graph.op('MatMulIntegerToFloat', [patches, w, step!, scale, zero!, '', bias])
  return graph.op('Transpose', [y], { perm: [0, 3, 1, 2] })
}

/** [B,H,W,C] → [B,H',W',9·C]: every pixel with those around it, row by row. */
function neighbours(graph: OnnxGraph, x: Value, zero: Value, stride: number): Value {
  const padded = graph.op('Pad', [x, graph.ints([0, 1, 1, 0, 0, 1, 1, 0]), zero])
  const axes = graph.ints([1, 2])
  const taps = [0, 1, 2].flatMap(row =>
    [0, 1, 2].map(column => {
      const ends = [row, column].map(tap => (tap === 2 ? Number.MAX_SAFE_INTEGER : tap - 2))
      const steps = graph.ints([stride, stride])
      const range = [graph.ints([row, column]), graph.ints(ends), axes, steps]
      return graph.op('Slice', [padded, ...range])
    }),
  )
  return graph.op('Concat', taps, { axis: 3 })
}
