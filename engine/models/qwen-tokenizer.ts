// Qwen's byte pair encoding. https://github.com/QwenLM/Qwen (Apache-2.0): a token's id is its merge.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { byteLetters } from './clip-tokenizer.ts'

/** Signs that a chat is built of; in a text they stand for themselves. */
const signs: Record<string, number> = {
  '<|endoftext|>': 151643,
  '<|im_start|>': 151644,
  '<|im_end|>': 151645,
  '<|vision_start|>': 151652,
  '<|vision_end|>': 151653,
  '<|image_pad|>': 151655,
}
const signPattern = /(<\|(?:endoftext|im_start|im_end|vision_start|vision_end|image_pad)\|>)/

/** Words with the space before them, numbers digit by digit, marks, white space as Unicode has it. */
const wordPattern =
  /'(?:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\p{White_Space}\p{L}\p{N}]+[\r\n]*|\p{White_Space}*[\r\n]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/giu

export class QwenTokenizer {
  private readonly ids = new Map<string, number>()
  private readonly ranks = new Map<string, number>()

  constructor(merges: readonly string[]) {
    const pieces = [...byteLetters.values(), ...merges.map(merge => merge.replace(' ', ''))]
    for (const [id, piece] of pieces.entries()) this.ids.set(piece, id)
    for (const [rank, merge] of merges.entries()) this.ranks.set(merge, rank)
  }

  encode(text: string): number[] {
    return text
      .normalize('NFC')
      .split(signPattern)
      .flatMap(part => signs[part] ?? (part.match(wordPattern) ?? []).flatMap(w => this.word(w)))
  }

  /** Joins the pair that was learnt first until no known pair is left. */
  private word(word: string): number[] {
    const pieces = [...new TextEncoder().encode(word)].map(byte => byteLetters.get(byte)!)
    for (;;) {
      let [best, at] = [Number.POSITIVE_INFINITY, -1]
      for (let i = 1; i < pieces.length; i++) {
        const rank = this.ranks.get(`${pieces[i - 1]} ${pieces[i]}`) ?? Number.POSITIVE_INFINITY
        if (rank < best) [best, at] = [rank, i]
      }
      if (at < 0) return pieces.map(piece => this.ids.get(piece)!)
      pieces.splice(at - 1, 2, `${pieces[at - 1]}${pieces[at]}`)
    }
  }
}

let loaded: QwenTokenizer | undefined

/** The tokenizer that ships with the program, read on first use. */
export function qwenTokenizer(file: string): QwenTokenizer {
  loaded ??= new QwenTokenizer(
    gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n'),
  )
  return loaded
}
