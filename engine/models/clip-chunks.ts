// A prompt as chunks of 77 tokens with weights, cut where ComfyUI cuts: short runs of tokens move
// whole into the next chunk, long ones are split.
import { type ClipTokenizer, endToken, startToken } from './clip-tokenizer.ts'
import { parseWeights } from './prompt-weights.ts'

/** `vector` stands in for the token's embedding (textual inversion). */
export interface WeightedToken {
  id: number
  weight: number
  vector?: Float32Array
}

/** The vectors of an embedding file by its name, or undefined if there is none. */
export type FindEmbedding = (name: string) => readonly Float32Array[] | undefined

const chunkLength = 77
/** Runs of fewer tokens are never split. */
const splitFrom = 8
const marker = 'embedding:'

export function chunkPrompt(
  prompt: string,
  tokenizer: ClipTokenizer,
  findEmbedding: FindEmbedding = () => undefined,
  padToken = endToken,
): WeightedToken[][] {
  const runs = parseWeights(prompt).flatMap(({ text, weight }) =>
    [...runsOf(text, tokenizer, findEmbedding)].map(run =>
      run.map((token): WeightedToken => ({ ...token, weight })),
    ),
  )
  const chunks: WeightedToken[][] = [[]]
  for (let run of runs)
    while (run.length > 0) {
      const room = chunkLength - 2 - chunks.at(-1)!.length
      if (run.length <= room) {
        chunks.at(-1)!.push(...run)
        break
      }
      if (run.length >= splitFrom) {
        chunks.at(-1)!.push(...run.slice(0, room))
        run = run.slice(room)
      }
      chunks.push([])
    }
  return chunks.map(chunk => pad(chunk, padToken))
}

/** The chunk of a prompt without words. */
export const emptyChunk = (padToken: number): WeightedToken[] => pad([], padToken)

/** Start, tokens, the end token, and the encoder's filler. */
function pad(tokens: readonly WeightedToken[], padToken: number): WeightedToken[] {
  const ids = Array.from({ length: chunkLength - 1 - tokens.length }, (_, i) =>
    i === 0 ? endToken : padToken,
  )
  return [
    { id: startToken, weight: 1 },
    ...tokens,
    ...ids.map((id): WeightedToken => ({ id, weight: 1 })),
  ]
}

type Run = Omit<WeightedToken, 'weight'>[]

function* runsOf(text: string, tokenizer: ClipTokenizer, find: FindEmbedding): Generator<Run> {
  for (const part of text.split(/[ \n](?=embedding:)/)) {
    if (!part.startsWith(marker)) {
      yield tokenizer.encode(part).map(id => ({ id }))
      continue
    }
    const [name = '', ...words] = part.slice(marker.length).trim().split(/\s+/)
    const bare = name.replace(/,+$/, '')
    const whole = find(name)
    const vectors = whole ?? (bare === name ? undefined : find(bare))
    // A missing embedding leaves nothing behind, not even its comma.
    const rest = vectors && !whole ? [name.slice(bare.length), ...words] : words
    if (vectors) yield vectors.map(vector => ({ id: endToken, vector }))
    if (rest.length > 0) yield tokenizer.encode(rest.join(' ')).map(id => ({ id }))
  }
}
