// Prompt → conditioning. A weight moves a token's state away from the state that the empty prompt
// has at the same place: z' = empty + (z - empty)·weight.
import type { Ids } from '../inference/session.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { emptyChunk, type WeightedToken } from './clip-chunks.ts'
import { endToken } from './clip-tokenizer.ts'

type Feeds = Record<string, Tensor | Ids>

/** Runs buildClip's graph. */
export type RunClip = (feeds: Feeds) => Promise<Record<string, Tensor>>

/** Runs buildClip's graph over all chunks at once. → cond [1,77·n,width], pooled [1,P]. */
export async function encodeChunks(
  run: RunClip,
  chunks: readonly (readonly WeightedToken[])[],
  { width, padToken }: { width: number; padToken: number },
): Promise<{ cond: Tensor; pooled: Tensor }> {
  const length = chunks[0]!.length
  const weighted = chunks.some(chunk => chunk.some(token => token.weight !== 1))
  const rows = weighted ? [...chunks, emptyChunk(padToken)] : chunks
  const { cond, last } = await run(feeds(rows, length, width))
  const states = cond!.data.slice(0, chunks.length * length * width)
  if (weighted) weigh(states, chunks, cond!.data.subarray(states.length))
  const end = chunks[0]!.findIndex(token => token.id === endToken && !token.vector)
  const pooledWidth = last!.shape[2]!
  return {
    cond: tensor([1, chunks.length * length, width], states),
    pooled: tensor([1, pooledWidth], last!.data.slice(end * pooledWidth, (end + 1) * pooledWidth)),
  }
}

function weigh(
  states: Float32Array,
  chunks: readonly (readonly WeightedToken[])[],
  empty: Float32Array,
): void {
  const width = empty.length / chunks[0]!.length
  for (const [row, { weight }] of chunks.flat().entries()) {
    if (weight === 1) continue
    const from = row * width
    for (let i = 0; i < width; i++) {
      const base = empty[(from + i) % empty.length]!
      states[from + i] = base + (states[from + i]! - base) * weight
    }
  }
}

function feeds(rows: readonly (readonly WeightedToken[])[], length: number, width: number): Feeds {
  const tokens = rows.flat()
  const ids = { shape: [rows.length, length], data: BigInt64Array.from(tokens, t => BigInt(t.id)) }
  if (!hasVectors(rows)) return { ids }
  const keep = tensor([rows.length, length, 1])
  const vectors = tensor([rows.length, length, width])
  for (const [row, { vector }] of tokens.entries())
    if (vector) vectors.data.set(vector, row * width)
    else keep.data[row] = 1
  return { ids, keep, vectors }
}

/** Whether the graph with inputs for embeddings is needed. */
export const hasVectors = (chunks: readonly (readonly WeightedToken[])[]): boolean =>
  chunks.some(chunk => chunk.some(token => token.vector))
