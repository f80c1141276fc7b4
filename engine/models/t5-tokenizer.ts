// T5's unigram pieces: of all ways to cut a text, the one of the most likely pieces.
// https://arxiv.org/abs/1804.10959, conventions as in google/sentencepiece (Apache-2.0).
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

export const t5Pad = 0
export const t5End = 1
const unknown = 2
/** Stands for the space before a word. */
const space = '▁'
/** An unknown character is this much less likely than the rarest piece. */
const unknownPenalty = 10
/** What sentencepiece's "nmt_nfkc" takes for a space: also marks without a width. */
const spaces = /[\t\n\f\r\p{Zs}\u061c\u200b\u200c\u200e\u200f\u2028\u2029\ufeff\ufffd]+/u

/** What it drops; other controls are unknown characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const dropped = /[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]/g

export class T5Tokenizer {
  private readonly pieces = new Map<string, { id: number; score: number }>()
  private readonly longest: number = 1
  private readonly unknownScore: number

  /** Pieces in the order of their ids. */
  constructor(pieces: readonly (readonly [piece: string, score: number])[]) {
    let rarest = 0
    for (const [id, [piece, score]] of pieces.entries()) {
      // The first three are signs of their own and match no text.
      if (id > unknown) this.pieces.set(piece, { id, score })
      this.longest = Math.max(this.longest, piece.length)
      rarest = Math.min(rarest, score)
    }
    this.unknownScore = rarest - unknownPenalty
  }

  /** Ids without the end token. */
  encode(text: string): number[] {
    const words = text
      .normalize('NFKC')
      .split(spaces)
      .map(word => word.replace(dropped, ''))
    return words.filter(word => word !== '').flatMap(word => this.word(space + word))
  }

  /** Viterbi over the places where a piece may end. */
  private word(word: string): number[] {
    const best: { score: number; from: number; id: number }[] = [{ score: 0, from: 0, id: unknown }]
    for (let start = 0; start < word.length; start++) {
      const here = best[start]
      if (!here) continue
      const reach = (end: number, id: number, score: number) => {
        const total = here.score + score
        if (!best[end] || total > best[end].score) best[end] = { score: total, from: start, id }
      }
      reach(start + (word.codePointAt(start)! > 0xffff ? 2 : 1), unknown, this.unknownScore)
      for (let end = start + 1; end <= Math.min(word.length, start + this.longest); end++) {
        const piece = this.pieces.get(word.slice(start, end))
        if (piece) reach(end, piece.id, piece.score)
      }
    }
    const ids: number[] = []
    for (let end = word.length; end > 0; end = best[end]!.from) {
      const { id } = best[end]!
      // Unknown characters in a row are one token.
      if (id !== unknown || ids[0] !== unknown) ids.unshift(id)
    }
    return ids
  }
}

let loaded: T5Tokenizer | undefined

/** The tokenizer that ships with the program, read on first use. */
export function t5Tokenizer(file: string): T5Tokenizer {
  if (loaded) return loaded
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n')
  loaded = new T5Tokenizer(
    lines.map(line => {
      const [piece = '', score] = line.split('\t')
      return [piece, Number(score)]
    }),
  )
  return loaded
}
