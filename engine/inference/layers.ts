// The layers of diffusion networks as ONNX nodes, named by their checkpoint keys. Fused operators
// are emitted here rather than found by onnxruntime's optimiser: a model then loads in a second,
// with its weights mapped instead of copied.
import { basename } from 'node:path'
import { type Int8Layer, int8Conv, int8Linear } from './int8.ts'
import { ModelError } from './model-error.ts'
import { DataType, type OnnxGraph, real, type Value } from './onnx-graph.ts'
import { scaleName } from './weight-scales.ts'
import { type Weight, type Weights, type WeightType, weight } from './weights.ts'
import { doubled, fastConv, pays, sameSize, type UsualPicture } from './winograd.ts'

/** Which operators compute a layer. What is quick on a CPU is slow or wrong on WebGPU. */
export interface OpProfile {
  linear: 'fused-matmul' | 'gemm'
  attention: 'multi-head' | 'decomposed'
  silu: 'quick-gelu' | 'sigmoid'
  /** 3×3 kernels: with fewer multiplications where that pays, or as they are. */
  conv: 'winograd' | 'direct'
}

export type Provider = 'cpu' | 'cuda' | 'dml' | 'webgpu' | 'coreml'

const gpu: OpProfile = {
  linear: 'gemm',
  attention: 'decomposed',
  silu: 'sigmoid',
  conv: 'direct',
}
export const profiles: Record<Provider, OpProfile> = {
  cpu: { linear: 'fused-matmul', attention: 'multi-head', silu: 'quick-gelu', conv: 'winograd' },
  cuda: gpu,
  dml: gpu,
  webgpu: gpu,
  coreml: gpu,
}

/** What layers are made of unless they are told, and weights in 8 bits that they use where they find them. */
interface Build {
  profile: OpProfile
  rounded?: Weights
}

let current: Build = { profile: profiles.cpu }

/** Building is synchronous: nothing else can come in between. */
function buildWith<T>(changes: Partial<Build>, build: () => T): T {
  const before = current
  current = { ...before, ...changes }
  try {
    return build()
  } finally {
    current = before
  }
}

/** Makes a graph for another provider. */
export const buildFor = <T>(provider: Provider, build: () => T): T =>
  buildWith({ profile: profiles[provider] }, build)

/** Makes a graph with 8-bit layers, on the processor. */
export const buildRounded = <T>(rounded: Weights, build: () => T): T =>
  buildWith({ rounded }, build)

/** Something added to a layer's output, such as a LoRA: x → x·down·up·strength. */
export interface Branch {
  /** Name of the graph's input that says how strong it is. */
  readonly input: string
  /** Adds to `y`, the output of the layer `key` for `x`. Gives `y` back if it has nothing to add. */
  linear(layers: Layers, key: string, x: Value, y: Value): Value
  conv(layers: Layers, key: string, x: Value, y: Value, shape: ConvShape): Value
  /** Whether it must change the tensor `name` itself: then all branches of that tensor do. */
  folds?(name: string): boolean
  /** Whether tensors that it changes go back to the type they are stored in, as in ComfyUI. */
  readonly rounds?: boolean
  /** `value` [shape] of the tensor `name` as changed. Gives `value` back if it has no say in it. */
  fold?(layers: Layers, name: string, value: Value, shape: readonly number[]): Value
  /** The same for some rows of a table; `read` gives these rows of any table. */
  rows?(layers: Layers, name: string, value: Value, read: (table: Weight) => Value): Value
}

export interface ConvShape {
  stride?: number
  /** Top, left, bottom, right. By default the output is as large as the input. */
  pads?: readonly [number, number, number, number]
  /** What is known of the picture. Without it the kernel is computed as it is. */
  picture?: UsualPicture
}

const stored: Partial<Record<WeightType, DataType>> = {
  F32: DataType.float,
  F16: DataType.float16,
  BF16: DataType.bfloat16,
  F8_E4M3: DataType.float8e4m3fn,
  F8_E5M2: DataType.float8e5m2,
}

export class Layers {
  readonly graph: OnnxGraph
  readonly weights: Weights
  readonly profile: OpProfile
  readonly branches: readonly Branch[]
  private readonly rounded = current.rounded
  private readonly widened = new Map<Value, Value>()

  constructor(
    graph: OnnxGraph,
    weights: Weights,
    profile: OpProfile = current.profile,
    branches: readonly Branch[] = [],
  ) {
    this.graph = graph
    this.weights = weights
    this.profile = profile
    this.branches = branches
    for (const branch of branches) graph.input(branch.input, DataType.float, [])
  }

  has(key: string): boolean {
    return this.weights.tensors.has(key)
  }

  shape(key: string): readonly number[] {
    return weight(this.weights, key).shape
  }

  /** A weight as float32, optionally seen under other dimensions. */
  weight(key: string, dims?: readonly number[]): Value {
    const source = weight(this.weights, key)
    if (!this.folds(key)) return this.times(this.widen(source, dims), this.scale(key))
    const changed = this.branches.reduce(
      (value, branch) => branch.fold?.(this, key, value, source.shape) ?? value,
      this.unchanged(this.weights, key),
    )
    const rounded = this.branches.some(branch => branch.rounds)
      ? this.roundedTo(source, changed)
      : changed
    return dims ? this.graph.op('Reshape', [rounded, this.graph.ints(dims)]) : rounded
  }

  /** A tensor of any file as float32, without what is laid on it. */
  unchanged(weights: Weights, key: string): Value {
    return this.times(this.widen(weight(weights, key)), this.scale(key, weights))
  }

  /** Rows of the table `key`, as changed; `read` gathers them from it or another table. */
  gathered(key: string, read: (table: Weight) => Value): Value {
    const source = weight(this.weights, key)
    const plain = read(source)
    const changed = this.branches.reduce(
      (value, branch) => branch.rows?.(this, key, value, read) ?? value,
      plain,
    )
    const rounds = changed !== plain && this.branches.some(branch => branch.rounds)
    return rounds ? this.roundedTo(source, changed) : changed
  }

  /** The same in parts of `rows` of the first dimension; the last may have fewer. */
  weightParts(key: string, rows: number): Value[] {
    const source = weight(this.weights, key)
    const [all = 0, ...rest] = source.shape
    const parts = Array.from({ length: Math.ceil(all / rows) }, (_, i) =>
      Math.min(rows, all - i * rows),
    )
    if (parts.length < 2) return [this.weight(key)]
    if (this.folds(key) || this.scale(key))
      return this.graph.ops(
        'Split',
        [this.weight(key), this.graph.ints(parts)],
        { axis: 0 },
        parts.length,
      )
    const rowBytes = source.length / all
    return parts.map((count, i) =>
      this.widen({
        ...source,
        shape: [count, ...rest],
        offset: source.offset + i * rows * rowBytes,
        length: count * rowBytes,
      }),
    )
  }

  /** Of a scaled 8-bit weight. */
  private scale(key: string, weights = this.weights): Value | undefined {
    const found = scaleName(weights, key)
    return found && this.widen(weight(weights, found), [])
  }

  private times(x: Value, factor: Value | undefined): Value {
    return factor ? this.graph.op('Mul', [x, factor]) : x
  }

  /** In a type of 8 bits a small change would be lost: there it is rounded to 16. */
  private roundedTo(source: Weight, value: Value): Value {
    const type = stored[source.type]
    if (!type || type === DataType.float) return value
    const to = type === DataType.bfloat16 ? type : DataType.float16
    return this.graph.op('Cast', [this.graph.op('Cast', [value], { to })], { to: DataType.float })
  }

  /** Whether a tensor is changed by its branches, rather than the layer's output. */
  private folds(key: string): boolean {
    return this.branches.some(branch => branch.folds?.(key))
  }

  /** A weight in its stored type and the type: to gather from before widening. */
  stored(source: Weight, dims?: readonly number[]): { value: Value; type: DataType } {
    const type = stored[source.type]
    if (!type)
      throw new ModelError(
        `${basename(source.file)} holds ${source.type} weights, which cannot be computed with yet. ` +
          'Use an fp16, bf16 or fp32 version of the model.',
      )
    return { value: this.graph.external(source, type, dims), type }
  }

  widen(source: Weight, dims?: readonly number[]): Value {
    const { value, type } = this.stored(source, dims)
    if (type === DataType.float) return value
    const cast = this.widened.get(value) ?? this.graph.op('Cast', [value], { to: DataType.float })
    this.widened.set(value, cast)
    return cast
  }

  private addTo(x: Value, bias: Value | undefined): Value {
    return bias ? this.add(x, bias) : x
  }

  add(a: Value, b: Value): Value {
    return this.graph.op('Add', [a, b])
  }

  /** [..., in] → [..., out]. A 1×1 convolution's weight will do. */
  linear(x: Value, key: string): Value {
    const [outputs, inputs] = this.shape(`${key}.weight`) as [number, number]
    const name = `${key}.weight`
    const bias = this.has(`${key}.bias`) ? this.weight(`${key}.bias`) : undefined
    const layer = this.int8(name, bias)
    if (layer) return this.branched(x, key, int8Linear(this.graph, x, layer))
    if (this.folds(name))
      return this.product(x, this.weight(name, [outputs, inputs]), [outputs, inputs], bias)
    const scale = this.scale(name)
    const w = this.widen(weight(this.weights, name), [outputs, inputs])
    // The output is smaller than the weight: it is what gets multiplied.
    const y = scale
      ? this.addTo(this.times(this.product(x, w, [outputs, inputs]), scale), bias)
      : this.product(x, w, [outputs, inputs], bias)
    return this.branched(x, key, y)
  }

  /** `linear` in two halves of its outputs. */
  halves(x: Value, key: string): [Value, Value] {
    const { graph } = this
    const [outputs, inputs] = this.shape(`${key}.weight`) as [number, number]
    const name = `${key}.weight`
    const plain =
      this.branches.length === 0 && !this.rounded?.tensors.has(name) && !this.scale(name)
    if (!plain) {
      const both = this.linear(x, key)
      return graph.ops('Split', [both], { axis: -1, num_outputs: 2 }, 2) as [Value, Value]
    }
    const half = outputs / 2
    const biases = this.has(`${key}.bias`) ? this.weightParts(`${key}.bias`, half) : []
    const halves = this.weightParts(name, half)
    return [0, 1].map(i => this.product(x, halves[i]!, [half, inputs], biases[i])) as [Value, Value]
  }

  private branched(x: Value, key: string, y: Value): Value {
    return this.branches.reduce((sum, branch) => branch.linear(this, key, x, sum), y)
  }

  /** Undefined for a layer that is computed exactly. */
  private int8(name: string, bias: Value | undefined): Int8Layer | undefined {
    const { rounded } = this
    return rounded?.tensors.has(name) && !this.folds(name) ? { rounded, name, bias } : undefined
  }

  /** x·wᵀ + bias, w [out, in]. */
  product(x: Value, w: Value, [outputs, inputs]: readonly [number, number], bias?: Value): Value {
    const { graph } = this
    if (this.profile.linear === 'fused-matmul') {
      const y = graph.op('FusedMatMul', [x, w], { transB: 1 })
      return bias ? this.add(y, bias) : y
    }
    const rows = graph.op('Reshape', [x, graph.ints([-1, inputs])])
    const y = graph.op('Gemm', bias ? [rows, w, bias] : [rows, w], { transB: 1 })
    const leading = graph.op('Slice', [graph.op('Shape', [x]), graph.ints([0]), graph.ints([-1])])
    const shape = graph.op('Concat', [leading, graph.ints([outputs])], { axis: 0 })
    return graph.op('Reshape', [y, shape])
  }

  /** [B,in,H,W] → [B,out,H',W'] */
  conv(x: Value, key: string, shape: ConvShape = {}): Value {
    const y =
      this.int8Conv(x, key, shape) ?? this.winograd(x, key, shape) ?? this.directConv(x, key, shape)
    if (this.folds(`${key}.weight`)) return y
    return this.branches.reduce((sum, branch) => branch.conv(this, key, x, sum, shape), y)
  }

  /** The same after doubling the picture: [B,in,H,W] → [B,out,2H,2W]. */
  doubledConv(x: Value, key: string, picture: UsualPicture): Value {
    const fast = this.branches.length === 0 && this.winograd(x, key, { picture }, doubled)
    return fast || this.conv(this.upsample(x), key)
  }

  private directConv(x: Value, key: string, shape: ConvShape): Value {
    const bias = this.has(`${key}.bias`) ? [this.weight(`${key}.bias`)] : []
    const size = this.shape(`${key}.weight`)
    return this.convolve([x, this.weight(`${key}.weight`), ...bias], size, shape)
  }

  private int8Conv(x: Value, key: string, { stride = 1, pads }: ConvShape): Value | undefined {
    const bias = this.has(`${key}.bias`) ? this.weight(`${key}.bias`) : undefined
    const layer = pads ? undefined : this.int8(`${key}.weight`, bias)
    if (!layer) return undefined
    if (this.shape(`${key}.weight`)[2] === 3) return int8Conv(this.graph, x, layer, stride)
    return stride === 1 ? this.unrows(int8Linear(this.graph, this.rows(x), layer), x) : undefined
  }

  /** Undefined where it does not pay or cannot be done. */
  private winograd(
    x: Value,
    key: string,
    { stride = 1, pads, picture }: ConvShape,
    algorithm = sameSize,
  ): Value | undefined {
    const [outputs, inputs, ...kernel] = this.shape(`${key}.weight`) as [number, number]
    if (this.profile.conv !== 'winograd' || !picture || stride !== 1 || pads) return undefined
    const options = { algorithm, ...picture, size: [outputs, inputs] } as const
    if (kernel.join() !== '3,3' || !pays(options)) return undefined
    const parts = (channels: number) => this.weightParts(`${key}.weight`, channels)
    const y = fastConv(this.graph, x, parts, options)
    const bias = this.has(`${key}.bias`) && this.weight(`${key}.bias`, [1, outputs, 1, 1])
    return bias ? this.add(y, bias) : y
  }

  convolve(inputs: readonly Value[], size: readonly number[], shape: ConvShape): Value {
    const [, , height = 1, width = 1] = size
    const { stride = 1, pads = [height >> 1, width >> 1, height >> 1, width >> 1] } = shape
    return this.graph.op('Conv', inputs, {
      kernel_shape: [height, width],
      strides: [stride, stride],
      pads: [...pads],
    })
  }

  silu(x: Value): Value {
    const { graph } = this
    // QuickGelu is x·sigmoid(alpha·x) in one pass.
    if (this.profile.silu === 'quick-gelu') return graph.op('QuickGelu', [x], { alpha: real(1) })
    return graph.op('Mul', [x, graph.op('Sigmoid', [x])])
  }

  quickGelu(x: Value): Value {
    const { graph } = this
    if (this.profile.silu === 'quick-gelu')
      return graph.op('QuickGelu', [x], { alpha: real(1.702) })
    const gate = graph.op('Sigmoid', [graph.op('Mul', [x, graph.scalar(1.702)])])
    return graph.op('Mul', [x, gate])
  }

  gelu(x: Value): Value {
    return this.graph.op('Gelu', [x])
  }

  /** Normalises groups of channels: each group is one instance of InstanceNormalization. */
  groupNorm(
    x: Value,
    key: string,
    { groups, epsilon }: { groups: number; epsilon: number },
  ): Value {
    const { graph } = this
    const channels = this.shape(`${key}.weight`)[0]!
    if (channels % groups !== 0)
      throw new ModelError(
        `${basename(this.weights.file)}: ${channels} channels of "${key}" do not form ${groups} groups. ` +
          'The file names another number of groups than it was made with.',
      )
    const ones = graph.floats(`ones:${groups}`, [groups], new Float32Array(groups).fill(1))
    const zeros = graph.floats(`zeros:${groups}`, [groups], new Float32Array(groups))
    const grouped = graph.op('Reshape', [x, graph.ints([0, groups, -1])])
    const normal = graph.op('InstanceNormalization', [grouped, ones, zeros], {
      epsilon: real(epsilon),
    })
    const back = graph.op('Reshape', [normal, graph.op('Shape', [x])])
    // In one pass: a kernel of one pixel for each channel.
    const factors = this.weight(`${key}.weight`, [channels, 1, 1, 1])
    return graph.op('Conv', [back, factors, this.weight(`${key}.bias`)], {
      kernel_shape: [1, 1],
      group: channels,
    })
  }

  layerNorm(x: Value, key: string, epsilon = 1e-5): Value {
    const inputs = [x, this.weight(`${key}.weight`), this.weight(`${key}.bias`)]
    return this.graph.op('LayerNormalization', inputs, { axis: -1, epsilon: real(epsilon) })
  }

  /** q [B,S,width], k and v [B,T,width] → [B,S,width]. `causal`: no token looks ahead. */
  attention(
    [q, k, v]: readonly [Value, Value, Value],
    { heads, width, causal = false }: { heads: number; width: number; causal?: boolean },
  ): Value {
    const { graph } = this
    const scale = 1 / Math.sqrt(width / heads)
    if (this.profile.attention === 'multi-head')
      return graph.op('MultiHeadAttention', [q, k, v], {
        num_heads: heads,
        unidirectional: causal ? 1 : undefined,
        scale: real(scale),
      })
    const split = (x: Value, perm: number[]) =>
      graph.op('Transpose', [graph.op('Reshape', [x, graph.ints([0, 0, heads, width / heads])])], {
        perm,
      })
    const scaled = graph.op('Mul', [split(q, [0, 2, 1, 3]), graph.scalar(scale)])
    const scores = graph.op('MatMul', [scaled, split(k, [0, 2, 3, 1])])
    const masked = causal ? this.add(scores, this.causalMask(q)) : scores
    const shares = graph.op('Softmax', [masked], { axis: -1 })
    const mixed = graph.op('MatMul', [shares, split(v, [0, 2, 1, 3])])
    const rows = graph.op('Transpose', [mixed], { perm: [0, 2, 1, 3] })
    return graph.op('Reshape', [rows, graph.ints([0, 0, width])])
  }

  /** Sum over all queries of the share of each key, mean over the heads: [B,S,width]² → [B,T]. */
  attentionGot(
    [q, k]: readonly [Value, Value],
    { heads, width }: { heads: number; width: number },
  ) {
    const { graph } = this
    const split = (x: Value, perm: number[]) =>
      graph.op('Transpose', [graph.op('Reshape', [x, graph.ints([0, 0, heads, width / heads])])], {
        perm,
      })
    const scale = graph.scalar(1 / Math.sqrt(width / heads))
    const scaled = graph.op('Mul', [split(q, [0, 2, 1, 3]), scale])
    const scores = graph.op('MatMul', [scaled, split(k, [0, 2, 3, 1])])
    const shares = graph.op('Softmax', [scores], { axis: -1 })
    const mean = graph.op('ReduceMean', [shares, graph.ints([1])], { keepdims: 0 })
    return graph.op('ReduceSum', [mean, graph.ints([1])], { keepdims: 0 })
  }

  /** [S,S]: 0 up to the diagonal, very negative above. */
  private causalMask(q: Value): Value {
    const { graph } = this
    const length = graph.op('Shape', [q], { start: 1, end: 2 })
    const square = graph.op('Concat', [length, length], { axis: 0 })
    const full = graph.op('Expand', [graph.scalar(-3e38), square])
    return graph.op('Trilu', [full, graph.int(1)], { upper: 1 })
  }

  /** [B,C,H,W] → [B,H·W,C] */
  rows(x: Value): Value {
    const { graph } = this
    const flat = graph.op('Reshape', [x, graph.ints([0, 0, -1])])
    return graph.op('Transpose', [flat], { perm: [0, 2, 1] })
  }

  /** [B,H·W,C] → [B,C,H,W], as large as a picture. */
  unrows(rows: Value, like: Value): Value {
    const { graph } = this
    const flat = graph.op('Transpose', [rows], { perm: [0, 2, 1] })
    const edges = graph.op('Shape', [like], { start: 2, end: 4 })
    const shape = graph.op('Concat', [graph.ints([0, -1]), edges], { axis: 0 })
    return graph.op('Reshape', [flat, shape])
  }

  /** Nearest neighbour, twice as large, or as large as `like` where odd sizes were halved. */
  upsample(x: Value, like?: Value): Value {
    const { graph } = this
    const attributes = {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    }
    if (!like) {
      const scales = graph.floats('scales:1,1,2,2', [4], Float32Array.of(1, 1, 2, 2))
      return graph.op('Resize', [x, '', scales], attributes)
    }
    const channels = graph.op('Shape', [x], { start: 0, end: 2 })
    const size = graph.op('Shape', [like], { start: 2, end: 4 })
    const sizes = graph.op('Concat', [channels, size], { axis: 0 })
    return graph.op('Resize', [x, '', '', sizes], attributes)
  }
}
