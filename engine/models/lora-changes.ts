import type { Value } from '../inference/onnx-graph.ts'
import { readFloats, type Weight, type Weights } from '../inference/weights.ts'
import { sizeOf } from '../tensor.ts'
import { addScaled, type Folding, misfit, type Parts } from './lora-parts.ts'
import { joinRows, type Piece, type RowChange, swappedHalves } from './lora-rows.ts'
import { checkShapes, isComplete, isOldGeneralized } from './lora-shapes.ts'
import type { LayerTarget, Rows } from './lora-transformer-names.ts'
import { butterfly, rotation } from './oft.ts'

/** `branch` where it can run beside the layer as well. */
export interface TensorChange {
  fold(folding: Folding): Value
  /** The same for some rows of a table: `weight` and what `read` makes of any table of its size. */
  rows?(folding: Omit<Folding, 'shape'>, read: (table: Weight) => Value): Value
  branch?: LowRank
  /** The same for changes to rows alone: stretches of the output, each with a change or none. */
  pieces?: readonly Piece[]
}

export interface LowRank {
  down: Weight
  up: Weight
  /** Between the two, for convolutions in Tucker form. */
  mid?: Weight
  /** alpha / rank */
  scale: number
}

/** Same roles under other names. */
const endings: Record<string, string> = {
  'lora_down.weight': 'down',
  'lora_A.weight': 'down',
  'lora_A.default.weight': 'down',
  'lora.down.weight': 'down',
  'lora_linear_layer.down.weight': 'down',
  'lora_up.weight': 'up',
  'lora_B.weight': 'up',
  'lora_B.default.weight': 'up',
  'lora.up.weight': 'up',
  'lora_linear_layer.up.weight': 'up',
  'lora_mid.weight': 'mid',
  'a1.weight': 'a1',
  'a2.weight': 'a2',
  'b1.weight': 'b1',
  'b2.weight': 'b2',
  w_norm: 'diff',
  b_norm: 'diff_b',
}
const ending =
  /\.(lora_(?:down|up|mid|A|B)\.weight|lora_[AB]\.default\.weight|lora\.(?:down|up)\.weight|lora_linear_layer\.(?:down|up)\.weight|[ab][12]\.weight|hada_\w+|lokr_\w+|oft_blocks|rescale|dora_scale|alpha|diff|diff_b|w_norm|b_norm)$/
const oldEnding = /_lora\.(down|up)\.weight$/
/** XLabs' two streams: the number belongs to the layer's name. */
const streamEnding = /(?<=(?:qkv|proj)_lora[12])\.(down|up)\.weight$/

/** The layer that a tensor of a LoRA's file changes, and how the part of the change is called. */
function partOf(key: string): { layer: string; part: string } | undefined {
  const end = ending.exec(key)
  if (end) return { layer: key.slice(0, end.index), part: endings[end[1]!] ?? end[1]! }
  const old = streamEnding.exec(key) ?? oldEnding.exec(key)
  return old ? { layer: key.slice(0, old.index), part: old[1]! } : undefined
}

/** The checkpoint's layer that a layer of a LoRA's file means, if it has one. */
type Target = (layer: string) => LayerTarget | undefined

/** What a file has for one layer of the checkpoint, or for rows of it. */
interface LayerParts {
  to: LayerTarget
  parts: Parts
  /** Its names in the file. */
  names: Set<string>
}

function byLayerOf(file: Weights, target: Target): LayerParts[] {
  const layers = new Map<string, LayerParts>()
  for (const [key, weight] of file.tensors) {
    const found = partOf(key)
    const to = found && target(found.layer)
    if (!to) continue
    const place = to.rows ? `${to.layer} ${to.rows.from}` : to.layer
    const own = layers.get(place) ?? { to, parts: {}, names: new Set() }
    own.parts[found.part] = weight
    own.names.add(found.layer)
    layers.set(place, own)
  }
  return [...layers.values()]
}

/** Layers of a LoRA's file that change nothing, under its own names: without a place, or in halves. */
export function unusedLayersOf(file: Weights, target: Target, checkpoint: Weights): string[] {
  const used = new Set<string>()
  for (const { to, parts, names } of byLayerOf(file, target)) {
    const weight = checkpoint.tensors.get(`${to.layer}.weight`)!
    const change = parts.diff_b ?? weightChange(parts, shapeOf(weight, to.rows))
    if (change) for (const name of names) used.add(name)
  }
  const all = new Set([...file.tensors.keys()].map(key => partOf(key)?.layer ?? key))
  return [...all].filter(layer => !used.has(layer))
}

export function readChanges(
  file: Weights,
  target: Target,
  checkpoint: Weights,
): Map<string, TensorChange> {
  const whole = new Map<string, TensorChange>()
  const byRows = new Map<string, RowChange[]>()
  const set = (name: string, change: TensorChange, { rows, swapped }: LayerTarget) => {
    if (rows) byRows.set(name, [...(byRows.get(name) ?? []), { rows, change }])
    else whole.set(name, swapped ? swappedHalves(change) : change)
  }
  for (const { parts, to } of byLayerOf(file, target)) {
    const { layer, rows } = to
    const [weight, bias] = ['weight', 'bias'].map(end => checkpoint.tensors.get(`${layer}.${end}`))
    const change = weightChange(parts, shapeOf(weight!, rows))
    if (change) set(`${layer}.weight`, change, to)
    if (bias && parts.diff_b)
      set(`${layer}.bias`, difference(parts.diff_b, shapeOf(bias, rows)), to)
  }
  for (const [name, parts] of byRows)
    whole.set(name, joinRows(parts, checkpoint.tensors.get(name)!.shape, whole.get(name)))
  return whole
}

const shapeOf = ({ shape }: Weight, rows: Rows | undefined): readonly number[] =>
  rows ? [rows.count, ...shape.slice(1)] : shape

/** What a layer's tensors do to its weight, or to any tensor of this shape. */
export function weightChange(parts: Parts, shape: readonly number[]): TensorChange | undefined {
  const { down, up, mid, diff } = parts
  if (diff) return difference(diff, shape)
  if (!isComplete(parts)) return undefined
  checkShapes(parts, shape)
  if (down && up && !parts.dora_scale) {
    const low = lowRank(down, up, mid, parts, shape)
    return {
      branch: low,
      fold: folding => addScaled(folding, lowRankDelta(folding, low)),
      rows: (folding, read) => addScaled(folding, lowRankRows(folding, low, read)),
    }
  }
  if (parts.oft_blocks?.shape.length === 3) return { fold: rotation(parts, shape) }
  if (parts.oft_blocks?.shape.length === 4) return { fold: butterfly(parts, shape) }
  const delta = deltaOf(parts, shape)
  if (!delta) return undefined
  const scale = parts.dora_scale
  if (!scale) return { fold: folding => addScaled(folding, delta(folding)) }
  return { fold: folding => decomposed(folding, delta(folding), scale) }
}

/** What is added to the weight at strength 1, under the weight's dimensions. */
type Delta = (folding: Folding) => Value

function deltaOf(parts: Parts, shape: readonly number[]): Delta | undefined {
  const { down, up, mid } = parts
  if (down && up) {
    const low = lowRank(down, up, mid, parts, shape)
    return folding => lowRankDelta(folding, low)
  }
  if (parts.hada_w1_a) return folding => hadamard(folding, parts)
  if (parts.lokr_w1 || parts.lokr_w1_a) return folding => kronecker(folding, parts)
  if (parts.a1 && parts.a2 && parts.b1 && parts.b2) return folding => generalized(folding, parts)
  return undefined
}

/** alpha / rank; 1 in files that hold no alpha. */
const scaleOf = ({ alpha }: Parts, rank: number | undefined): number =>
  alpha && rank ? readFloats(alpha)[0]! / rank : 1

function lowRank(
  down: Weight,
  up: Weight,
  mid: Weight | undefined,
  parts: Parts,
  shape: readonly number[],
): LowRank {
  const rank = down.shape[0]!
  const inputs = mid ? down.shape[1]! : sizeOf(down.shape.slice(1))
  const wanted = mid ? shape[1]! : sizeOf(shape.slice(1))
  if (up.shape[0] !== shape[0] || inputs !== wanted) throw misfit(down)
  return { down, up, mid, scale: scaleOf(parts, rank) }
}

function lowRankDelta(folding: Folding, { down, up, mid, scale }: LowRank): Value {
  const { layers } = folding
  const [outputs, rank] = [up.shape[0]!, down.shape[0]!]
  const high = layers.widen(up, [outputs, rank])
  const low = layers.widen(down, [rank, sizeOf(down.shape) / rank])
  const product = mid
    ? layers.graph.op('Einsum', [high, layers.widen(mid), low], { equation: 'oi,ijkl,jn->onkl' })
    : layers.graph.op('MatMul', [high, low])
  return finish(folding, product, scale)
}

/** The same for some rows of a table. */
function lowRankRows(
  { layers }: Pick<Folding, 'layers'>,
  { up, down, scale }: LowRank,
  read: (table: Weight) => Value,
): Value {
  const product = layers.graph.op('MatMul', [read(up), layers.widen(down)])
  return scale === 1 ? product : layers.graph.op('Mul', [product, layers.graph.scalar(scale)])
}

/** LoHa: the elementwise product of two low ranks. */
function hadamard(folding: Folding, parts: Parts): Value {
  const { layers } = folding
  const factor = (n: 1 | 2): Value => {
    const a = layers.widen(parts[`hada_w${n}_a`]!)
    const b = layers.widen(parts[`hada_w${n}_b`]!)
    const core = parts[`hada_t${n}`]
    if (!core) return layers.graph.op('MatMul', [a, b])
    const inputs = [layers.widen(core), b, a]
    return layers.graph.op('Einsum', inputs, { equation: 'ijkl,jn,io->onkl' })
  }
  const product = layers.graph.op('Mul', [factor(1), factor(2)])
  return finish(folding, product, scaleOf(parts, parts.hada_w1_b!.shape[0]))
}

/** LoKr: the Kronecker product of a small matrix and a block, either of them of low rank. */
function kronecker(folding: Folding, parts: Parts): Value {
  const { layers, shape } = folding
  const { graph } = layers
  const { lokr_w1: w1, lokr_w1_a: w1a, lokr_w1_b: w1b } = parts
  const { lokr_w2: w2, lokr_w2_a: w2a, lokr_w2_b: w2b, lokr_t2: core } = parts
  const small = w1 ? layers.widen(w1) : graph.op('MatMul', [layers.widen(w1a!), layers.widen(w1b!)])
  const [rows, columns] = w1 ? w1.shape : [w1a!.shape[0]!, w1b!.shape[1]!]
  const pair = () => [layers.widen(w2a!), layers.widen(w2b!)]
  const block = w2
    ? layers.widen(w2)
    : core
      ? graph.op('Einsum', [layers.widen(core), ...pair()], { equation: 'ijkl,io,jn->onkl' })
      : graph.op('MatMul', pair())
  const rank = w2 ? w1b?.shape[0] : w2b!.shape[0]
  // [rows,1,columns,1,1] · [1,height,1,width,kernel]
  const [outputs, inputs] = shape as [number, number]
  const kernel = sizeOf(shape.slice(2))
  const dims = [1, outputs / rows!, 1, inputs / columns!, kernel]
  const product = graph.op('Mul', [
    graph.op('Reshape', [small, graph.ints([rows!, 1, columns!, 1, 1])]),
    graph.op('Reshape', [block, graph.ints(dims)]),
  ])
  return finish(folding, product, scaleOf(parts, rank))
}

/** GLoRA (https://arxiv.org/abs/2306.07967): W·A + B. Older files store the factors swapped. */
function generalized(folding: Folding, parts: Parts): Value {
  const { layers, weight, shape } = folding
  const { graph } = layers
  const [a1, a2, b1, b2] = ['a1', 'a2', 'b1', 'b2'].map(name => parts[name]!)
  const matrix = (w: Weight) => layers.widen(w, [w.shape[0]!, sizeOf(w.shape) / w.shape[0]!])
  const reshape = (delta: Value) => graph.op('Reshape', [delta, graph.ints(shape)])
  const old = isOldGeneralized(parts, shape)
  const [first, second] = old ? [a2!, a1!] : [a1!, a2!]
  // Of a kernel, newer files change the channels and older ones all of it.
  const channels = shape.length === 4 && first.shape[0] === shape[1]
  const rows = graph.op('Reshape', [weight, graph.ints([shape[0]!, -1])])
  const through = channels
    ? graph.op('Einsum', [weight, matrix(first), matrix(second)], { equation: 'oikl,ij,jn->onkl' })
    : graph.op('MatMul', [graph.op('MatMul', [rows, matrix(first)]), matrix(second)])
  const plain = graph.op('MatMul', old ? [matrix(b2!), matrix(b1!)] : [matrix(b1!), matrix(b2!)])
  const rank = old ? a1!.shape[0] : a2!.shape[0]
  const both = layers.add(reshape(through), reshape(plain))
  return finish(folding, both, scaleOf(parts, rank))
}

function finish({ layers: { graph }, shape }: Folding, delta: Value, scale: number): Value {
  const shaped = graph.op('Reshape', [delta, graph.ints(shape)])
  return scale === 1 ? shaped : graph.op('Mul', [shaped, graph.scalar(scale)])
}

/** A difference of whole tensors. */
function difference(diff: Weight, shape: readonly number[]): TensorChange {
  if (sizeOf(diff.shape) !== sizeOf(shape)) throw misfit(diff)
  return {
    fold: folding => addScaled(folding, folding.layers.widen(diff, shape)),
    rows: (folding, read) => addScaled(folding, read(diff)),
  }
}

/**
 * DoRA (https://arxiv.org/abs/2402.09353): W + delta with lengths of its own along one axis. Along
 * the outputs ComfyUI measures the original, along the inputs what was changed.
 */
function decomposed(folding: Folding, delta: Value, scale: Weight): Value {
  const { layers, weight, shape } = folding
  const { graph } = layers
  const changed = layers.add(weight, delta)
  const byOutput = scale.shape[0] === shape[0]
  const axis = byOutput ? 0 : 1
  const axes = graph.ints(shape.map((_, i) => i).filter(i => i !== axis))
  const length = graph.op('ReduceL2', [byOutput ? weight : changed, axes], { keepdims: 1 })
  const dims = shape.map((size, i) => (i === axis ? size : 1))
  const ratio = graph.op('Div', [
    layers.widen(scale, dims),
    layers.add(length, graph.scalar(2 ** -23)),
  ])
  const whole = graph.op('Mul', [changed, ratio])
  return addScaled(folding, graph.op('Sub', [whole, weight]))
}
