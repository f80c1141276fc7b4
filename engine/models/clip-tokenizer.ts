// CLIP's byte pair encoding. https://github.com/openai/CLIP (MIT); the text is cleaned as
// transformers' CLIPTokenizer does it, which ComfyUI uses.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

export const startToken = 49406
export const endToken = 49407

/** Words that keep their codes; bounded, for prompts of a long session. */
const rememberedMax = 10_000

export class ClipTokenizer {
  private readonly ids = new Map<string, number>()
  private readonly ranks = new Map<string, number>()
  private readonly remembered = new Map<string, number[]>()

  constructor(merges: readonly string[]) {
    const letters = [...byteLetters.values()]
    const pieces = [...letters, ...letters.map(letter => `${letter}</w>`)]
    for (const merge of merges) pieces.push(merge.replace(' ', ''))
    for (const [id, piece] of pieces.entries()) this.ids.set(piece, id)
    for (const [rank, merge] of merges.entries()) this.ranks.set(merge, rank)
  }

  /** Ids without start and end. */
  encode(text: string): number[] {
    return text.split(specialPattern).flatMap(part => special[part] ?? this.words(part))
  }

  private words(text: string): number[] {
    return (clean(text).match(wordPattern) ?? []).flatMap(word => special[word] ?? this.word(word))
  }

  private word(word: string): number[] {
    let ids = this.remembered.get(word)
    if (!ids) {
      ids = this.merge(word).map(piece => this.ids.get(piece)!)
      if (this.remembered.size >= rememberedMax) this.remembered.clear()
      this.remembered.set(word, ids)
    }
    return ids
  }

  /** Joins the pair that was learnt first, everywhere, until no known pair is left. */
  private merge(word: string): string[] {
    let pieces = [...new TextEncoder().encode(word)].map(byte => byteLetters.get(byte)!)
    pieces.push(`${pieces.pop()}</w>`)
    for (;;) {
      let best = Number.POSITIVE_INFINITY
      let pair = ''
      for (let i = 1; i < pieces.length; i++) {
        const rank = this.ranks.get(`${pieces[i - 1]} ${pieces[i]}`)
        if (rank !== undefined && rank < best)
          [best, pair] = [rank, `${pieces[i - 1]} ${pieces[i]}`]
      }
      if (!pair) return pieces
      const joined: string[] = []
      for (let i = 0; i < pieces.length; i++)
        if (`${pieces[i]} ${pieces[i + 1]}` === pair) joined.push(pieces[i]! + pieces[++i]!)
        else joined.push(pieces[i]!)
      pieces = joined
    }
  }
}

const special: Record<string, number[]> = {
  '<|startoftext|>': [startToken],
  '<|endoftext|>': [endToken],
}
/** Stands for itself in the middle of a word, too. */
const specialPattern = /(<\|(?:startoftext|endoftext)\|>)/
const wordPattern =
  /<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+/gu

const ideographs =
  /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu

function clean(text: string): string {
  return text
    .replace(/[\t\n\r]/g, ' ')
    .replace(/[\p{C}\ufffd]/gu, '')
    .replace(ideographs, ' $& ')
    .normalize('NFC')
    .toLowerCase()
}

/** Every byte as a printable letter: itself where it prints, else one from 256 upwards. */
export const byteLetters: ReadonlyMap<number, string> = (() => {
  const prints = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  const all = Array.from({ length: 256 }, (_, byte) => byte)
  const letters = all.filter(prints).map(byte => [byte, String.fromCharCode(byte)] as const)
  const others = all.filter(byte => !prints(byte))
  return new Map([
    ...letters,
    ...others.map((byte, i) => [byte, String.fromCharCode(256 + i)] as const),
  ])
})()

let loaded: ClipTokenizer | undefined

/** The tokenizer that ships with the program, read on first use. */
export function clipTokenizer(file: string): ClipTokenizer {
  loaded ??= new ClipTokenizer(
    gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n'),
  )
  return loaded
}
