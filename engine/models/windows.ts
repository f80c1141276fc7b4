// Attention within windows of a picture, every other time shifted by half a window:
// https://arxiv.org/abs/2103.14030. Pictures are [1,H,W,C], windows [windows,tokens,C].
import { DataType, type Value } from '../inference/onnx-graph.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { TransformerLayers } from './transformer-layers.ts'

export class Windows {
  readonly side: number
  private readonly layers: TransformerLayers
  /** [H,W] and the number of windows along each, as int64 [2]. */
  private readonly size: Value
  private readonly counts: Value
  private readonly masks: Value

  /** @param image [1,C,H,W], H and W multiples of `side` @param regions of `shiftRegions` */
  constructor(layers: TransformerLayers, side: number, image: Value, regions: Value) {
    const { graph } = layers
    this.layers = layers
    this.side = side
    this.size = graph.op('Shape', [image], { start: 2, end: 4 })
    this.counts = graph.op('Div', [this.size, graph.ints([side, side])])
    this.masks = this.maskOf(regions)
  }

  /** → [windows,side²,C] */
  cut(x: Value, channels: number): Value {
    const { graph } = this.layers
    const [rows, columns] = this.parts(this.counts)
    const side = graph.ints([this.side])
    const shape = [graph.ints([1]), rows, side, columns, side, graph.ints([channels])]
    const apart = graph.op('Reshape', [x, graph.op('Concat', shape, { axis: 0 })])
    const together = graph.op('Transpose', [apart], { perm: [0, 1, 3, 2, 4, 5] })
    return graph.op('Reshape', [together, graph.ints([-1, this.side ** 2, channels])])
  }

  /** Undoes `cut`. */
  join(windows: Value, channels: number): Value {
    const { graph } = this.layers
    const inner = graph.ints([this.side, this.side, channels])
    const shape = graph.op('Concat', [graph.ints([1]), this.counts, inner], { axis: 0 })
    const apart = graph.op('Reshape', [windows, shape])
    const together = graph.op('Transpose', [apart], { perm: [0, 1, 3, 2, 4, 5] })
    const whole = [graph.ints([1]), this.size, graph.ints([channels])]
    return graph.op('Reshape', [together, graph.op('Concat', whole, { axis: 0 })])
  }

  /** Moves the picture up and left by half a window (back with -1); what leaves comes in again. */
  shift(x: Value, direction: 1 | -1 = 1): Value {
    const { graph } = this.layers
    const by = graph.ints([direction * (this.side >> 1)])
    return [1, 2].reduce((h, axis) => {
      const along = graph.ints([axis])
      const end = graph.op('Slice', [h, by, graph.ints([Number.MAX_SAFE_INTEGER]), along])
      const start = graph.op('Slice', [h, graph.ints([0]), by, along])
      return graph.op('Concat', [end, start], { axis })
    }, x)
  }

  /** [windows,1,N,N]: what a shift brought together from opposite edges does not see each other. */
  get mask(): Value {
    return this.masks
  }

  /**
   * [1,heads,side²,reach²]: a learnt bias for each offset of two pixels. `reach` is the side of the
   * window that is looked at, `first` the offset of its corner.
   */
  bias(key: string, reach = this.side, first = 1 - this.side): Value {
    const { graph } = this.layers
    const [rows, heads] = this.layers.shape(key) as [number, number]
    const offsets = Math.sqrt(rows)
    const ids = offsetIds(this.side, reach, first, offsets)
    const index = graph.op('Gather', [this.layers.weight(key), graph.ints(ids)], { axis: 0 })
    const byHead = graph.op('Transpose', [index], { perm: [1, 0] })
    return graph.op('Reshape', [byHead, graph.ints([1, heads, this.side ** 2, reach ** 2])])
  }

  /** Windows of side `reach` around each window, zeros beyond the edge: [windows,reach²,C]. */
  cutWider(x: Value, channels: number, reach: number): Value {
    const { graph } = this.layers
    const edge = (reach - this.side) >> 1
    const padded = graph.op('Pad', [x, graph.ints([0, edge, edge, 0, 0, edge, edge, 0])])
    const within = graph.ints(Array.from({ length: reach }, (_, i) => i))
    const gathered = this.parts(this.counts).reduce((h, count, i) => {
      const scalar = graph.op('Squeeze', [count])
      const steps = graph.op('Range', [graph.int(0), scalar, graph.int(1)])
      const starts = graph.op('Mul', [steps, graph.int(this.side)])
      const rows = graph.op('Unsqueeze', [starts, graph.ints([1])])
      return graph.op('Gather', [h, graph.op('Add', [rows, within])], { axis: 1 + 2 * i })
    }, padded)
    const together = graph.op('Transpose', [gathered], { perm: [0, 1, 3, 2, 4, 5] })
    return graph.op('Reshape', [together, graph.ints([-1, reach ** 2, channels])])
  }

  private parts(pair: Value): [Value, Value] {
    const { graph } = this.layers
    return graph.ops('Split', [pair], { axis: 0, num_outputs: 2 }, 2) as [Value, Value]
  }

  private maskOf(regions: Value): Value {
    const { graph } = this.layers
    const ids = graph.op('Unsqueeze', [this.cut(regions, 1), graph.ints([1])])
    const others = graph.op('Transpose', [ids], { perm: [0, 1, 3, 2] })
    const same = graph.op('Equal', [ids, others])
    const alike = graph.op('Cast', [same], { to: DataType.float })
    return graph.op('Mul', [graph.op('Sub', [graph.scalar(1), alike]), graph.scalar(-100)])
  }
}

/** The row of the table for each pair of pixels, query by query. */
function offsetIds(side: number, reach: number, first: number, offsets: number): number[] {
  const ids: number[] = []
  const rows = offsets ** 2
  for (let qy = 0; qy < side; qy++)
    for (let qx = 0; qx < side; qx++)
      for (let ky = 0; ky < reach; ky++)
        for (let kx = 0; kx < reach; kx++) {
          // The authors' tables are read by key less query or the other way round; beyond zero they
          // go on from the end, as Python counts.
          const [y, x] = reach === side ? [qy - ky, qx - kx] : [ky - qy, kx - qx]
          const id = (y - first) * offsets + (x - first)
          ids.push(((id % rows) + rows) % rows)
        }
  return ids
}

/** [1,H,W,1]: a number for each of the nine parts that a shift tells apart. */
export function shiftRegions(height: number, width: number, side: number): Tensor {
  const out = tensor([1, height, width, 1])
  const part = (at: number, length: number) =>
    at < length - side ? 0 : at < length - (side >> 1) ? 1 : 2
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) out.data[y * width + x] = 3 * part(y, height) + part(x, width)
  return out
}
