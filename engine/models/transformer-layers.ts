// What diffusion transformers and language models have beyond a UNet's layers.
import { type Float8, float8ToFloat } from '../inference/float8.ts'
import { Layers } from '../inference/layers.ts'
import { DataType, real, type Value } from '../inference/onnx-graph.ts'
import type { Weight, WeightType } from '../inference/weights.ts'
import type { ControlPlace, GraphOptions } from './unet.ts'

export interface Heads {
  heads: number
  /** Width of one head. */
  width: number
  /** Keys and values may have fewer heads, each shared by several queries. */
  keyHeads?: number
  /** [1 or B, 1 or heads, S, T], added to the scores. */
  bias?: Value
  /** Of the scores; 1/√width by default. */
  scale?: number
  /** Scores are kept within ± this, by tanh. https://arxiv.org/abs/2408.00118 */
  cap?: number
}

/** cos and sin of each token's angles. */
export interface Rotation {
  cos: Value
  sin: Value
  /** Pairs are neighbours (Flux) or halves of a head apart (Llama). */
  interleaved: boolean
}

const f32 = Math.fround

const eightBitTypes: Partial<Record<WeightType, Float8>> = { F8_E4M3: 'e4m3fn', F8_E5M2: 'e5m2' }

export class TransformerLayers extends Layers {
  /** [B] → [B,width]: waves of growing length, cosines first. */
  waves(t: Value, width: number, factor = 1): Value {
    const { graph } = this
    const half = width / 2
    // In PyTorch's order of rounding: angles of thousands carry each error into the waves.
    const rates = Float32Array.from({ length: half }, (_, i) =>
      Math.exp(f32(f32(f32(-Math.log(1e4)) * i) / half)),
    )
    const scaled = factor === 1 ? t : graph.op('Mul', [t, graph.scalar(factor)])
    const columns = graph.op('Unsqueeze', [scaled, graph.ints([1])])
    const angles = graph.op('Mul', [columns, graph.floats(`rates:${half}`, [1, half], rates)])
    const both = [graph.op('Cos', [angles]), graph.op('Sin', [angles])]
    return graph.op('Concat', both, { axis: 1 })
  }

  /** Two layers with SiLU between them. */
  embed(x: Value, first: string, second: string): Value {
    return this.linear(this.silu(this.linear(x, first)), second)
  }

  /** Rows of a table by id, gathered in the stored type, so the table is never widened. */
  rowsOf(key: string, ids: Value, dims?: readonly number[]): Value {
    return this.gathered(key, table => this.rowsIn(table, ids, dims))
  }

  private rowsIn(source: Weight, ids: Value, dims?: readonly number[]): Value {
    const { graph } = this
    const eightBit = eightBitTypes[source.type]
    if (eightBit) {
      // 8-bit floats cannot be gathered, their codes can.
      const values = float8ToFloat(
        Uint8Array.from({ length: 256 }, (_, code) => code),
        eightBit,
      )
      const rows = graph.op('Gather', [graph.external(source, DataType.uint8, dims), ids])
      const codes = graph.op('Cast', [rows], { to: DataType.int64 })
      return graph.op('Gather', [graph.floats(`codes:${eightBit}`, [256], values), codes])
    }
    const table = this.stored(source, dims)
    const rows = graph.op('Gather', [table.value, ids], { axis: 0 })
    return table.type === DataType.float ? rows : graph.op('Cast', [rows], { to: DataType.float })
  }

  geluTanh(x: Value): Value {
    return this.graph.op('Gelu', [x], { approximate: 'tanh' })
  }

  /** LayerNorm that learns nothing. */
  normal(x: Value, width: number, epsilon = 1e-6): Value {
    const { graph } = this
    const ones = graph.floats(`ones:${width}`, [width], new Float32Array(width).fill(1))
    return graph.op('LayerNormalization', [x, ones], { axis: -1, epsilon: real(epsilon) })
  }

  /** https://arxiv.org/abs/1910.07467, `key` is the full name of the scale, stored less `more`. */
  rmsNorm(x: Value, key: string, epsilon = 1e-6, more = 0): Value {
    const stored = this.weight(key)
    const inputs = [x, more === 0 ? stored : this.add(stored, this.graph.scalar(more))]
    return this.graph.op('SimplifiedLayerNormalization', inputs, {
      axis: -1,
      epsilon: real(epsilon),
      stash_type: DataType.float,
    })
  }

  /** The same within each head of [B,S,heads·width]. */
  headNorm(x: Value, key: string, { heads, width }: Heads, epsilon = 1e-6): Value {
    const { graph } = this
    const split = graph.op('Reshape', [x, graph.ints([0, 0, heads, width])])
    return graph.op('Reshape', [this.rmsNorm(split, key, epsilon), graph.ints([0, 0, -1])])
  }

  /** Along the last axis. */
  split(x: Value, sizes: readonly number[]): Value[] {
    return this.graph.ops('Split', [x, this.graph.ints(sizes)], { axis: -1 }, sizes.length)
  }

  /** A layer's answer in parts of these widths. Files may have a layer for each: `key.0`, `key.1` … */
  parted(x: Value, key: string, widths: readonly number[]): Value[] {
    if (!this.has(`${key}.0.weight`)) return this.split(this.linear(x, key), widths)
    return widths.map((_, n) => this.linear(x, `${key}.${n}`))
  }

  /** The layer's answer to [B,C] in `count` parts, each [B,1,C']. */
  modulation(vector: Value, key: string, count: number): Value[] {
    const { graph } = this
    const rows = graph.op('Unsqueeze', [this.linear(vector, key), graph.ints([1])])
    return graph.ops('Split', [rows], { axis: -1, num_outputs: count }, count)
  }

  /** x·(1 + scale) + shift: https://arxiv.org/abs/2212.09748 */
  modulate(x: Value, shift: Value, scale: Value): Value {
    const { graph } = this
    return this.add(graph.op('Mul', [x, this.add(scale, graph.scalar(1))]), shift)
  }

  /** x + gate·y */
  gated(x: Value, gate: Value, y: Value): Value {
    return this.add(x, this.graph.op('Mul', [gate, y]))
  }

  /** Turns the heads of [B,S,heads·width] by their token's angles. */
  rotate(x: Value, { cos, sin, interleaved }: Rotation): Value {
    const { graph } = this
    const start = graph.ints([0])
    const options = { interleaved: interleaved ? 1 : 0 }
    return graph.op('RotaryEmbedding', [x, start, cos, sin], options)
  }

  /** q [B,S,heads·width], k and v [B,T,keyHeads·width] → [B,S,heads·width] */
  attend(
    [q, k, v]: readonly [Value, Value, Value],
    { heads, width, keyHeads = heads, bias, scale = 1 / Math.sqrt(width), cap }: Heads,
  ): Value {
    const { graph } = this
    const [keys, values] = [k, v].map(x => this.shareHeads(x, width, keyHeads, heads)) as [
      Value,
      Value,
    ]
    if (this.profile.attention === 'multi-head' && cap === undefined)
      return graph.op('MultiHeadAttention', [q, keys, values, ...(bias ? ['', '', bias] : [])], {
        num_heads: heads,
        scale: real(scale),
      })
    const split = (x: Value, perm: number[]) =>
      graph.op('Transpose', [graph.op('Reshape', [x, graph.ints([0, 0, heads, width])])], { perm })
    const scaled = graph.op('Mul', [split(q, [0, 2, 1, 3]), graph.scalar(scale)])
    const free = graph.op('MatMul', [scaled, split(keys, [0, 2, 3, 1])])
    const scores = cap === undefined ? free : this.capped(free, cap)
    const shares = graph.op('Softmax', [bias ? this.add(scores, bias) : scores], { axis: -1 })
    const mixed = graph.op('MatMul', [shares, split(values, [0, 2, 1, 3])])
    const rows = graph.op('Transpose', [mixed], { perm: [0, 2, 1, 3] })
    return graph.op('Reshape', [rows, graph.ints([0, 0, heads * width])])
  }

  private capped(x: Value, cap: number): Value {
    const { graph } = this
    const bent = graph.op('Tanh', [graph.op('Mul', [x, graph.scalar(1 / cap)])])
    return graph.op('Mul', [bent, graph.scalar(cap)])
  }

  /** [B,T,keyHeads·width] → [B,T,heads·width], each head repeated. */
  private shareHeads(x: Value, width: number, keyHeads: number, heads: number): Value {
    if (keyHeads === heads) return x
    const { graph } = this
    const apart = graph.op('Reshape', [x, graph.ints([0, 0, keyHeads, 1, width])])
    const times = graph.ints([1, 1, 1, heads / keyHeads, 1])
    const repeated = graph.op('Tile', [apart, times])
    return graph.op('Reshape', [repeated, graph.ints([0, 0, heads * width])])
  }

  /** x with a ControlNet's residual, input `control.` + place, where the graph is to take one. */
  controlled(
    x: Value,
    place: ControlPlace,
    { control = [] }: Pick<GraphOptions, 'control'>,
  ): Value {
    if (!control.includes(place)) return x
    const dims = ['B', 'T', `c ${place}`]
    return this.add(x, this.graph.input(`control.${place}`, DataType.float, dims))
  }

  /** Tokens of `first` followed by those of `second`. */
  join(first: Value, second: Value): Value {
    return this.graph.op('Concat', [first, second], { axis: 1 })
  }

  /** Undoes `join`: as many tokens as `first` has, and the rest. */
  part(joined: Value, first: Value): [Value, Value] {
    const { graph } = this
    const length = graph.op('Shape', [first], { start: 1, end: 2 })
    const axis = graph.ints([1])
    return [
      graph.op('Slice', [joined, graph.ints([0]), length, axis]),
      graph.op('Slice', [joined, length, graph.ints([Number.MAX_SAFE_INTEGER]), axis]),
    ]
  }
}
