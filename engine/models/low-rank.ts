// The product of two narrow matrices that comes nearest to a large one: a LoRA of a difference. Singular
// vectors by random projection, after Halko, Martinsson and Tropp: https://arxiv.org/abs/0909.4061
import { DataType, OnnxGraph } from '../inference/onnx-graph.ts'
import { openSession, type Session } from '../inference/session.ts'
import { type Tensor, tensor } from '../tensor.ts'

export interface Factors {
  /** [rows, rank] */
  up: Tensor
  /** [rank, columns] */
  down: Tensor
}

/** Directions looked at beyond those that are kept, and how often the search is repeated. */
const spare = 10
const rounds = 3

/** Finds factors. Holds two small sessions: large products are onnxruntime's. */
export class LowRank {
  private readonly forward: Session
  private readonly backward: Session

  private constructor(forward: Session, backward: Session) {
    this.forward = forward
    this.backward = backward
  }

  static async open(): Promise<LowRank> {
    return new LowRank(await openSession(product(0)), await openSession(product(1)))
  }

  async release(): Promise<void> {
    await this.forward.release()
    await this.backward.release()
  }

  /** Best of this rank for w [rows, columns], which may have less. */
  async factors(w: Tensor, rank: number): Promise<Factors> {
    const [rows, columns] = w.shape as [number, number]
    const kept = Math.min(rank, rows, columns)
    const width = Math.min(kept + spare, rows, columns)
    let basis = orthonormal(await this.times(this.forward, w, chance(columns, width)))
    for (let round = 0; round < rounds; round++) {
      const across = orthonormal(await this.times(this.backward, w, basis))
      basis = orthonormal(await this.times(this.forward, w, across))
    }
    // In the basis, w is basisᵀ·w [width, columns]; its transpose is what `backward` gives.
    const inside = await this.times(this.backward, w, basis)
    const { values, vectors } = eigen(gram(inside), width)
    return joined(basis, inside, values, vectors, kept)
  }

  private async times(session: Session, w: Tensor, x: Tensor): Promise<Tensor> {
    return (await session.run({ w, x })).out!
  }
}

/** w·x, or wᵀ·x. */
function product(transA: 0 | 1): OnnxGraph {
  const graph = new OnnxGraph()
  const w = graph.input('w', DataType.float, ['m', 'n'])
  const x = graph.input('x', DataType.float, ['k', 'r'])
  graph.output('out', graph.op('FusedMatMul', [w, x], { transA }), ['o', 'r'])
  return graph
}

/** Numbers in -1..1 that are the same every time. [rows, columns] */
function chance(rows: number, columns: number): Tensor {
  const out = tensor([rows, columns])
  let state = 1
  for (let i = 0; i < out.data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    out.data[i] = state / 2 ** 31
  }
  return out
}

/** Below this share of its length a column is what rounding left of one that depends on the others. */
const nothing = 1e-6

/** Columns at right angles, of length 1 or 0, by Gram and Schmidt, twice over. [n, k] */
function orthonormal(x: Tensor): Tensor {
  const [rows, width] = x.shape as [number, number]
  const columns = Array.from({ length: width }, (_, c) =>
    Float64Array.from({ length: rows }, (_, r) => x.data[r * width + c]!),
  )
  for (const [c, column] of columns.entries()) {
    const before = Math.sqrt(dot(column, column))
    for (let again = 0; again < 2; again++)
      for (const other of columns.slice(0, c)) {
        const share = dot(column, other)
        for (let i = 0; i < rows; i++) column[i]! -= share * other[i]!
      }
    const length = Math.sqrt(dot(column, column))
    const scale = length > nothing * before ? 1 / length : 0
    for (let i = 0; i < rows; i++) column[i]! *= scale
  }
  const out = tensor([rows, width])
  for (const [c, column] of columns.entries())
    for (let r = 0; r < rows; r++) out.data[r * width + c] = column[r]!
  return out
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** xᵀ·x of x [n, k], [k, k]. */
function gram({ data, shape: [rows, width] }: Tensor): Float64Array {
  const k = width!
  const out = new Float64Array(k * k)
  for (let r = 0; r < rows!; r++)
    for (let i = 0; i < k; i++) {
      const value = data[r * k + i]!
      for (let j = i; j < k; j++) out[i * k + j]! += value * data[r * k + j]!
    }
  for (let i = 0; i < k; i++) for (let j = 0; j < i; j++) out[i * k + j] = out[j * k + i]!
  return out
}

const sweepsMax = 30

/** Eigenvalues of a symmetric [k, k] and its eigenvectors as columns, by Jacobi's rotations. */
function eigen(a: Float64Array, k: number): { values: Float64Array; vectors: Float64Array } {
  const vectors = new Float64Array(k * k)
  for (let i = 0; i < k; i++) vectors[i * k + i] = 1
  const size = a.reduce((sum, v) => sum + v * v, 0)
  for (let sweep = 0; sweep < sweepsMax; sweep++) {
    let off = 0
    for (let p = 0; p < k; p++)
      for (let q = p + 1; q < k; q++) {
        off += a[p * k + q]! ** 2
        rotate(a, vectors, k, p, q)
      }
    if (off <= 1e-24 * size) break
  }
  return { values: Float64Array.from({ length: k }, (_, i) => a[i * k + i]!), vectors }
}

/** Turns the plane of p and q so that they no longer depend on each other. */
function rotate(a: Float64Array, vectors: Float64Array, k: number, p: number, q: number): void {
  const apq = a[p * k + q]!
  if (apq === 0) return
  const theta = (a[q * k + q]! - a[p * k + p]!) / (2 * apq)
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  const turn = (m: Float64Array, first: number, second: number, step: number) => {
    for (let i = 0; i < k; i++, first += step, second += step) {
      const [x, y] = [m[first]!, m[second]!]
      m[first] = c * x - s * y
      m[second] = s * x + c * y
    }
  }
  turn(a, p, q, k)
  turn(a, p * k, q * k, 1)
  turn(vectors, p, q, k)
}

/** w ≈ basis·V·Vᵀ·basisᵀ·w: the strongest `kept` directions, strength with `up`, as trainers have it. */
function joined(
  basis: Tensor,
  inside: Tensor,
  values: Float64Array,
  vectors: Float64Array,
  kept: number,
): Factors {
  const [rows, width] = basis.shape as [number, number]
  const columns = inside.shape[0]!
  const strongest = [...values.keys()].sort((a, b) => values[b]! - values[a]!).slice(0, kept)
  const up = tensor([rows, kept])
  const down = tensor([kept, columns])
  for (const [place, from] of strongest.entries()) {
    const strength = Math.sqrt(Math.max(0, values[from]!))
    if (strength === 0) continue
    const direction = Float64Array.from({ length: width }, (_, i) => vectors[i * width + from]!)
    const along = (data: Float32Array, row: number) => {
      let sum = 0
      for (let i = 0; i < width; i++) sum += data[row * width + i]! * direction[i]!
      return sum
    }
    for (let r = 0; r < rows; r++) up.data[r * kept + place] = along(basis.data, r) * strength
    for (let c = 0; c < columns; c++)
      down.data[place * columns + c] = along(inside.data, c) / strength
  }
  return { up, down }
}
