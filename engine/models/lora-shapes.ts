// Whether an adapter's tensors for one layer belong together and to the layer. Said before a graph is
// built of them: what onnxruntime says of sizes that do not fit helps nobody.
import type { Weight } from '../inference/weights.ts'
import { sizeOf } from '../tensor.ts'
import { misfit, type Parts } from './lora-parts.ts'

type Shape = readonly number[]

/** Parts that are of no use alone: if one is there, all must be. */
const together: readonly (readonly string[])[] = [
  ['hada_w1_a', 'hada_w1_b', 'hada_w2_a', 'hada_w2_b'],
  ['hada_t1', 'hada_t2'],
  ['lokr_w1_a', 'lokr_w1_b'],
  ['lokr_w2_a', 'lokr_w2_b'],
  ['a1', 'a2', 'b1', 'b2'],
]

/** Whether nothing is missing of what the layer has. */
export function isComplete(parts: Parts): boolean {
  const halves = together.some(names => {
    const there = names.filter(name => parts[name]).length
    return there > 0 && there < names.length
  })
  if (halves) return false
  const [small, block] = [1, 2].map(n => Boolean(parts[`lokr_w${n}`] ?? parts[`lokr_w${n}_a`]))
  return small === block && (!parts.lokr_t2 || parts.lokr_w2_a !== undefined)
}

/** @throws ModelError that names the file, if the sizes do not fit one another or the layer's weight */
export function checkShapes(parts: Parts, shape: Shape): void {
  const need = (weight: Weight | undefined, fits: boolean) => {
    if (weight && !fits) throw misfit(weight)
  }
  const { alpha, dora_scale: lengths, oft_blocks: blocks } = parts
  need(alpha, alpha !== undefined && alpha.length > 0)
  need(lengths, lengths !== undefined && fitsAxis(sizeOf(lengths.shape), lengths.shape, shape))
  need(blocks, blocks !== undefined && fitsRotation(blocks.shape, shape))
  need(parts.rescale, parts.rescale !== undefined && sizeOf(parts.rescale.shape) === shape[0])
  need(parts.up && parts.down, fitsLowRank(parts, shape))
  need(parts.hada_w1_a, fitsHadamard(parts, shape))
  need(parts.lokr_w1 ?? parts.lokr_w1_a, fitsKronecker(parts, shape))
  need(parts.a1, fitsGeneralized(parts, shape))
}

const isMatrix = (weight: Weight | undefined): weight is Weight =>
  weight?.shape.length === 2 && sizeOf(weight.shape) > 0

function fitsAxis(size: number, [first]: Shape, [outputs, inputs]: Shape): boolean {
  return size === (first === outputs ? outputs : inputs)
}

/** [blocks,b,b], or [rounds,blocks,b,b] in butterfly order. */
function fitsRotation(blocks: Shape, [outputs]: Shape): boolean {
  const [b, beside] = [blocks.at(-1)!, blocks.at(-2)]
  if (blocks.length < 3 || b === 0 || b !== beside || blocks.at(-3)! * b !== outputs) return false
  return blocks.length === 3 || (b % 2 === 0 && outputs % (2 ** (blocks[0]! - 1) * b) === 0)
}

/** Without `mid`, up is [outputs,rank] and down [rank,inputs] with the kernel on one of them. */
function fitsLowRank({ down, up, mid }: Parts, shape: Shape): boolean {
  if (!down || !up) return false
  const [outputs, rank] = [shape[0]!, down.shape[0]!]
  if (rank === 0 || up.shape[0] !== outputs) return false
  if (!mid)
    return (
      sizeOf(up.shape) === outputs * rank && sizeOf(down.shape) * outputs === rank * sizeOf(shape)
    )
  const [first, second, ...kernel] = mid.shape
  return (
    sizeOf(up.shape) === outputs * first! &&
    second === rank &&
    sizeOf(down.shape) === rank * shape[1]! &&
    kernel.join() === shape.slice(2).join()
  )
}

/** The product of a and b, with a core between them for kernels: core [r,s,h,w], b [s,·], a [r,·]. */
function productSize(a: Weight | undefined, b: Weight | undefined, core?: Weight): number {
  if (!isMatrix(a) || !isMatrix(b)) return Number.NaN
  if (!core) return a.shape[1] === b.shape[0] ? a.shape[0]! * b.shape[1]! : Number.NaN
  if (core.shape.length !== 4) return Number.NaN
  const [r, s, height, width] = core.shape as [number, number, number, number]
  if (a.shape[0] !== r || b.shape[0] !== s) return Number.NaN
  return a.shape[1]! * b.shape[1]! * height * width
}

const fitsHadamard = (parts: Parts, shape: Shape): boolean =>
  [1, 2].every(
    n =>
      productSize(parts[`hada_w${n}_a`], parts[`hada_w${n}_b`], parts[`hada_t${n}`]) ===
      sizeOf(shape),
  )

function fitsKronecker(parts: Parts, shape: Shape): boolean {
  const { lokr_w1: w1, lokr_w1_a: w1a, lokr_w1_b: w1b, lokr_w2: w2, lokr_t2: core } = parts
  const whole = (weight: Weight) => (weight.shape.length >= 2 ? sizeOf(weight.shape) : Number.NaN)
  const small = w1 ? (isMatrix(w1) ? whole(w1) : Number.NaN) : productSize(w1a, w1b)
  const block = w2 ? whole(w2) : productSize(parts.lokr_w2_a, parts.lokr_w2_b, core)
  const [rows, columns] = [(w1 ?? w1a)?.shape[0], (w1 ?? w1b)?.shape[1]]
  return (
    small * block === sizeOf(shape) && shape[0]! % rows! === 0 && (shape[1] ?? 1) % columns! === 0
  )
}

/** Whether GLoRA's factors are the other way round, as older files have them: all agree on the rank. */
export function isOldGeneralized({ a1, a2, b1, b2 }: Parts, [outputs, inputs]: Shape): boolean {
  const same = (...ranks: (number | undefined)[]) => ranks.every(rank => rank === ranks[0])
  const old = same(a1?.shape[0], a2?.shape[1], b1?.shape[0], b2?.shape[1])
  const now = same(a1?.shape[1], a2?.shape[0], b1?.shape[1], b2?.shape[0])
  // A rank as large as a square layer says nothing.
  return old && (!now || (outputs === inputs && a2?.shape[0] === outputs))
}

/** W·A + B, each of two factors; of a kernel A may change the channels alone. */
function fitsGeneralized({ a1, a2, b1, b2 }: Parts, shape: Shape): boolean {
  const all = [a1, a2, b1, b2]
  if (!all.every(weight => weight && weight.shape.length >= 2 && sizeOf(weight.shape) > 0))
    return false
  const matrix = ({ shape }: Weight): [number, number] => [shape[0]!, sizeOf(shape) / shape[0]!]
  const old = isOldGeneralized({ a1, a2, b1, b2 }, shape)
  const chain = (first: Weight, second: Weight) => {
    const [[rows, inner], [same, columns]] = [matrix(first), matrix(second)]
    return inner === same ? [rows, columns] : [Number.NaN, Number.NaN]
  }
  const [rows, columns] = old ? chain(a2!, a1!) : chain(a1!, a2!)
  const [outputs, rest] = old ? chain(b2!, b1!) : chain(b1!, b2!)
  const width = sizeOf(shape) / shape[0]!
  return (
    rows === columns &&
    (rows === width || rows === shape[1]) &&
    outputs === shape[0] &&
    rest === width
  )
}
