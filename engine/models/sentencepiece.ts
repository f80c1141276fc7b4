// Byte pair encoding as google/sentencepiece (Apache-2.0) does it, from the model that lies in the text
// encoder's own file. https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto
import { ModelError } from '../inference/model-error.ts'

/** Kinds of pieces, as the format numbers them. */
const kinds = { normal: 1, unknown: 2, userDefined: 4, byte: 6 }
/** Stands for a space. */
const space = '▁'
const bytePairs = 2
/** Longer texts are not prompts, and pairs are looked for one by one. */
const charactersMax = 50_000

interface Symbol {
  text: string
  /** A sign of its own that takes part in no pair. */
  whole: boolean
}

export class SentencePieces {
  private readonly ids = new Map<string, number>()
  private readonly scores = new Map<string, number>()
  /** Signs that are cut out before anything else, by their first letter, longest first. */
  private readonly signs = new Map<string, string[]>()
  private readonly unknown: number

  /** @throws ModelError unless the bytes are a byte pair model that leaves texts as they are. */
  constructor(model: Uint8Array) {
    let unknown = 0
    let id = 0
    for (const { field, value } of fields(model)) {
      if (field === 2 && value instanceof Uint8Array) checkTrainer(value)
      if (field === 3 && value instanceof Uint8Array) checkNormalizer(value)
      if (field !== 1 || !(value instanceof Uint8Array)) continue
      const { text, score, kind } = readPiece(value)
      if (kind === kinds.unknown) unknown = id
      if (kind === kinds.normal || kind === kinds.userDefined || kind === kinds.byte)
        this.ids.set(text, id)
      if (kind === kinds.normal) this.scores.set(text, score)
      if (kind === kinds.userDefined) {
        const first = text.charAt(0)
        this.signs.set(first, [...(this.signs.get(first) ?? []), text])
      }
      id++
    }
    if (id === 0) throw damaged('it holds no pieces')
    this.unknown = unknown
    for (const own of this.signs.values()) own.sort((a, b) => b.length - a.length)
  }

  /** Ids without signs for start and end. */
  encode(text: string): number[] {
    const symbols = this.cut(text.slice(0, charactersMax).replaceAll(' ', space))
    this.join(symbols)
    return symbols.flatMap(symbol => this.idsOf(symbol.text))
  }

  private cut(text: string): Symbol[] {
    const symbols: Symbol[] = []
    for (let at = 0; at < text.length; ) {
      const sign = this.signs.get(text.charAt(at))?.find(own => text.startsWith(own, at))
      const piece = sign ?? String.fromCodePoint(text.codePointAt(at)!)
      symbols.push({ text: piece, whole: sign !== undefined })
      at += piece.length
    }
    return symbols
  }

  /** Joins the pair of the highest score, the first of equals, until none is a piece. */
  private join(symbols: Symbol[]): void {
    const score = (at: number): number => {
      const [left, right] = [symbols[at]!, symbols[at + 1]]
      if (!right || left.whole || right.whole) return Number.NEGATIVE_INFINITY
      return this.scores.get(left.text + right.text) ?? Number.NEGATIVE_INFINITY
    }
    const scores = symbols.map((_, at) => score(at))
    for (;;) {
      let best = -1
      for (let at = 0; at < scores.length; at++)
        if (scores[at]! > (best < 0 ? Number.NEGATIVE_INFINITY : scores[best]!)) best = at
      if (best < 0) return
      const joined = { text: symbols[best]!.text + symbols[best + 1]!.text, whole: false }
      symbols.splice(best, 2, joined)
      scores.splice(best + 1, 1)
      scores[best] = score(best)
      if (best > 0) scores[best - 1] = score(best - 1)
    }
  }

  /** What is no piece is said byte by byte. */
  private idsOf(piece: string): number[] {
    const id = this.ids.get(piece)
    if (id !== undefined) return [id]
    return [...new TextEncoder().encode(piece)].map(byte => {
      const name = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
      return this.ids.get(name) ?? this.unknown
    })
  }
}

function readPiece(bytes: Uint8Array): { text: string; score: number; kind: number } {
  let [text, score, kind] = ['', 0, kinds.normal]
  for (const { field, value } of fields(bytes)) {
    if (field === 1 && value instanceof Uint8Array) text = new TextDecoder().decode(value)
    if (field === 2 && value instanceof Uint8Array)
      score = new DataView(value.buffer, value.byteOffset, 4).getFloat32(0, true)
    if (field === 3 && typeof value === 'number') kind = value
  }
  return { text, score, kind }
}

function checkTrainer(bytes: Uint8Array): void {
  for (const { field, value } of fields(bytes))
    if (field === 3 && value !== bytePairs) throw damaged('it is not of byte pairs')
}

/** Gemma's does nothing; others would change texts in ways that are not done here. */
function checkNormalizer(bytes: Uint8Array): void {
  let dummyPrefix = 1
  for (const { field, value } of fields(bytes)) {
    if (field === 3 && typeof value === 'number') dummyPrefix = value
    if (field === 2 && value instanceof Uint8Array && value.length > 0)
      throw damaged('it rewrites letters')
  }
  if (dummyPrefix !== 0) throw damaged('it puts a space before texts')
}

interface Field {
  field: number
  /** A number of wire type 0; the bytes of types 1, 2 and 5. */
  value: number | Uint8Array
}

/** Fields of a protocol buffer. https://protobuf.dev/programming-guides/encoding/ */
function* fields(bytes: Uint8Array): Generator<Field> {
  let at = 0
  const varint = (): number => {
    let [value, factor] = [0, 1]
    for (;;) {
      const byte = bytes[at++]
      if (byte === undefined) throw damaged('it breaks off')
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 128
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const type = tag % 8
    const field = Math.floor(tag / 8)
    if (type === 0) {
      yield { field, value: varint() }
      continue
    }
    const length = type === 2 ? varint() : type === 5 ? 4 : type === 1 ? 8 : Number.NaN
    if (!(at + length <= bytes.length)) throw damaged('it breaks off')
    yield { field, value: bytes.subarray(at, at + length) }
    at += length
  }
}

const damaged = (what: string) =>
  new ModelError(
    `The vocabulary in the text encoder's file cannot be used: ${what}. Use the file as it is ` +
      'published for ComfyUI, such as gemma_2_2b_fp16.safetensors.',
  )
