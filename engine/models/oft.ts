// Orthogonal fine-tuning: blocks of a weight's rows are rotated. OFT (https://arxiv.org/abs/2306.07280)
// once, BOFT (https://arxiv.org/abs/2311.06243) several times over rows in butterfly order.
import type { Value } from '../inference/onnx-graph.ts'
import { readFloats, type Weight } from '../inference/weights.ts'
import { addScaled, type Folding, misfit, type Parts } from './lora-parts.ts'

type Fold = (folding: Folding) => Value

/** W + s·((R·s − s·I)·W), block by block: ComfyUI counts the strength twice. */
export function rotation(parts: Parts, shape: readonly number[]): Fold {
  const blocks = parts.oft_blocks!
  const [count, size] = blocks.shape as [number, number]
  if (count * size !== shape[0]) throw misfit(blocks)
  return folding => {
    const { layers, weight, strength } = folding
    const { graph } = layers
    const turn = cayley(blocks, parts.alpha)
    // Rows of a block are mixed by the rotation's columns.
    const less = transposed(turn, size).map((v, i) => v - identity(i, size))
    const by = graph.floats(name(blocks, 'turn'), [count, size, size], less)
    const rows = graph.op('Reshape', [weight, graph.ints([count, size, -1])])
    const mixed = graph.op('MatMul', [graph.op('Mul', [by, strength]), rows])
    return addScaled(folding, graph.op('Reshape', [mixed, graph.ints(shape)]))
  }
}

/** Each round gathers rows that lie `stride` apart into blocks, turns them, and puts them back. */
export function butterfly(parts: Parts, shape: readonly number[]): Fold {
  const blocks = parts.oft_blocks!
  const [rounds, count, size] = blocks.shape as [number, number, number]
  if (count * size !== shape[0]) throw misfit(blocks)
  return folding => {
    const { layers, weight, strength } = folding
    const { graph } = layers
    const turns = cayley(blocks, parts.alpha)
    const area = count * size * size
    let rows = graph.op('Reshape', [weight, graph.ints([shape[0]!, -1])])
    for (let round = 0; round < rounds; round++) {
      const stride = 2 ** round * (size >> 1)
      const less = turns
        .subarray(round * area, (round + 1) * area)
        .map((v, i) => v - identity(i, size))
      const eye = Float32Array.from({ length: size * size }, (_, i) => identity(i, size))
      const change = graph.floats(name(blocks, `round ${round}`), [count, size, size], less)
      const by = layers.add(
        graph.op('Mul', [change, strength]),
        graph.floats(`identity:${size}`, [1, size, size], eye),
      )
      const swap = (x: Value, outer: number, inner: number) => {
        const apart = graph.op('Reshape', [x, graph.ints([-1, outer, inner, columns(shape)])])
        return graph.op('Transpose', [apart], { perm: [0, 2, 1, 3] })
      }
      const gathered = graph.op('Reshape', [
        swap(rows, 2, stride),
        graph.ints([count, size, columns(shape)]),
      ])
      const turned = graph.op('MatMul', [by, gathered])
      rows = graph.op('Reshape', [swap(turned, stride, 2), graph.ints([shape[0]!, columns(shape)])])
    }
    const scaled = parts.rescale
      ? graph.op('Mul', [rows, layers.widen(parts.rescale, [shape[0]!, 1])])
      : rows
    const whole = graph.op('Reshape', [scaled, graph.ints(shape)])
    return addScaled(folding, graph.op('Sub', [whole, weight]))
  }
}

const columns = (shape: readonly number[]): number => shape.slice(1).reduce((a, b) => a * b, 1)
const identity = (index: number, size: number): number => {
  const within = index % (size * size)
  return within % size === Math.floor(within / size) ? 1 : 0
}
const name = ({ file, offset }: Weight, what: string) => `${file}:${offset}:${what}`

/**
 * Rotations (I + Q)·(I − Q)⁻¹ of skew-symmetric Q = B − Bᵀ, whose norm `alpha` bounds. [n,b,b]
 */
function cayley(blocks: Weight, alpha: Weight | undefined): Float32Array {
  const size = blocks.shape.at(-1)!
  const stored = readFloats(blocks)
  const skew = transposed(stored, size).map((v, i) => stored[i]! - v)
  const bound = alpha ? readFloats(alpha)[0]! : 0
  const norm = Math.sqrt(skew.reduce((sum, v) => sum + v * v, 0)) + 1e-8
  const shrink = bound > 0 && norm > bound ? bound / norm : 1
  const out = new Float32Array(skew.length)
  for (let at = 0; at < skew.length; at += size * size) {
    const q = Float64Array.from(skew.subarray(at, at + size * size), v => v * shrink)
    out.set(rotationOf(q, size), at)
  }
  return out
}

/** Solves X·(I − Q) = I + Q by elimination on the transposed: (I − Q)ᵀ·Xᵀ = (I + Q)ᵀ. */
function rotationOf(q: Float64Array, size: number): Float64Array {
  const left: Float64Array[] = []
  const right: Float64Array[] = []
  for (let i = 0; i < size; i++) {
    const column = Float64Array.from({ length: size }, (_, j) => q[j * size + i]!)
    left.push(column.map((v, j) => (i === j ? 1 : 0) - v))
    right.push(column.map((v, j) => (i === j ? 1 : 0) + v))
  }
  for (let i = 0; i < size; i++) {
    let pivot = i
    for (let row = i + 1; row < size; row++)
      if (Math.abs(left[row]![i]!) > Math.abs(left[pivot]![i]!)) pivot = row
    for (const side of [left, right]) [side[i], side[pivot]] = [side[pivot]!, side[i]!]
    for (let row = 0; row < size; row++) {
      if (row === i) continue
      const factor = left[row]![i]! / left[i]![i]!
      if (factor === 0) continue
      for (const side of [left, right])
        for (let j = 0; j < size; j++) side[row]![j]! -= factor * side[i]![j]!
    }
  }
  const out = new Float64Array(size * size)
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) out[j * size + i] = right[i]![j]! / left[i]![i]!
  return out
}

/** Each [size,size] of the batch. */
function transposed(values: Float32Array, size: number): Float32Array {
  return values.map((_, i) => {
    const within = i % (size * size)
    const [row, column] = [Math.floor(within / size), within % size]
    return values[i - within + column * size + row]!
  })
}
