// Pictures in a prompt of Qwen2.5-VL: their words stand among the text's, each at its own row and column.
// https://arxiv.org/abs/2409.12191, section 2.1
import type { Ids } from '../inference/session.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { WordGrid } from './qwen-vision.ts'

/** A picture as the language model reads it. */
export interface SeenPicture {
  grid: WordGrid
  /** [1,words,width] */
  words: Tensor
}

/** Of half a head's angles these many turn with time, row and column. */
const sections = [16, 24, 24]

type Place = [time: number, row: number, column: number]

/**
 * Tokens in which each `sign` stands for a picture, as the graph's inputs: as many tokens as the picture
 * has words, whose vectors take the place of the table's.
 */
export function picturedTokens(
  tokens: readonly number[],
  sign: number,
  pictures: readonly SeenPicture[],
  width: number,
): { tokens: number[]; places: Place[]; inputs: Record<string, Tensor | Ids> } {
  const out: number[] = []
  const places: Place[] = []
  const replaced: { from: number; words: Tensor }[] = []
  let place = 0
  let next = 0
  for (const token of tokens) {
    const picture = token === sign ? pictures[next++] : undefined
    if (!picture) {
      out.push(token)
      places.push([place, place, place])
      place++
      continue
    }
    const { rows, columns } = picture.grid
    replaced.push({ from: out.length, words: picture.words })
    for (let i = 0; i < rows * columns; i++) {
      out.push(sign)
      places.push([place, place + Math.floor(i / columns), place + (i % columns)])
    }
    // What follows is beyond the picture's longer side.
    place += Math.max(rows, columns)
  }
  const keep = tensor([1, out.length, 1], new Float32Array(out.length).fill(1))
  const vectors = tensor([1, out.length, width])
  for (const { from, words } of replaced) {
    keep.data.fill(0, from, from + words.shape[1]!)
    vectors.data.set(words.data, from * width)
  }
  return { tokens: out, places, inputs: { keep, vectors } }
}

/** cos and sin [tokens,half]: every angle has one rate, and turns with the axis of its section. */
export function sectionedTables(
  places: readonly Place[],
  width: number,
  theta: number,
): { cos: Tensor; sin: Tensor } {
  const half = width / 2
  const axes = sections.flatMap((count, axis) => Array.from({ length: count }, () => axis))
  const [cos, sin] = [tensor([places.length, half]), tensor([places.length, half])]
  for (const [token, place] of places.entries())
    for (let i = 0; i < half; i++) {
      const angle = place[axes[i] as 0 | 1 | 2]! / theta ** ((2 * i) / width)
      cos.data[token * half + i] = Math.cos(angle)
      sin.data[token * half + i] = Math.sin(angle)
    }
  return { cos, sin }
}
