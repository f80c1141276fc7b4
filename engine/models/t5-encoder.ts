// Prompts to T5's states, with weights as ComfyUI applies them: a word moves away from, or towards,
// what the empty prompt has at its place.
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import type { Watch } from '../inference/shared-work.ts'
import type { Weights } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { Adapter, EncoderPart, Filling } from './kinds.ts'
import { checkLayout } from './layout.ts'
import { t5Layout } from './layouts-text.ts'
import { unusedLayers } from './lora.ts'
import { type NetworkBase, networkBase } from './network-base.ts'
import { parseWeights } from './prompt-weights.ts'
import { preparing, weightBytes } from './recipe.ts'
import { buildT5, relativeBuckets, type T5Config, t5Config } from './t5.ts'
import { type T5Tokenizer, t5End, t5Pad } from './t5-tokenizer.ts'

export interface T5Parts {
  weights: Weights
  pool: SessionPool
  tokenizer: () => T5Tokenizer
  /** Shorter prompts are filled up to this many tokens, which are attended to like others. */
  minLength: number
  /** Empty tokens behind every prompt. */
  padding?: number
  /** Opens a LoRA's file. */
  openWeights: (file: string) => Weights
}

interface Token {
  id: number
  weight: number
}

/** A prompt's tokens with the end token and filling. */
export function t5Tokens(
  prompt: string,
  tokenizer: T5Tokenizer,
  minLength: number,
  padding = 0,
): Token[] {
  const words = parseWeights(prompt).flatMap(({ text, weight }) =>
    tokenizer.encode(text).map(id => ({ id, weight })),
  )
  const ended = [...words, { id: t5End, weight: 1 }]
  return filled(filled(ended, ended.length + padding), minLength)
}

const filled = (tokens: readonly Token[], length: number): Token[] => [
  ...tokens,
  ...Array.from({ length: length - tokens.length }, () => ({ id: t5Pad, weight: 1 })),
]

export class T5Encoder {
  readonly width: number
  private readonly parts: T5Parts
  private readonly config: T5Config

  private readonly adapters: readonly Adapter[]

  constructor(parts: T5Parts, adapters: readonly Adapter[] = []) {
    this.parts = parts
    this.adapters = adapters
    this.config = t5Config(parts.weights)
    this.width = this.config.width
  }

  withAdapter(adapter: Adapter): T5Encoder {
    return new T5Encoder(this.parts, [...this.adapters, adapter])
  }

  withFilling({ padding, length }: Filling): T5Encoder {
    return new T5Encoder({ ...this.parts, padding, minLength: length }, this.adapters)
  }

  unusedLayers(file: string): readonly string[] {
    return unusedLayers(this.parts.openWeights(file), this.parts.weights)
  }

  get encoderParts(): readonly EncoderPart[] {
    return [{ name: 't5xxl', base: this.base, prefix: this.config.prefix }]
  }

  withWeights(weights: ReadonlyMap<string, Weights>): T5Encoder {
    return new T5Encoder({ ...this.parts, weights: weights.get('t5xxl') ?? this.parts.weights })
  }

  async ready(watch?: Watch): Promise<void> {
    await this.parts.weights.made?.ready(watch)
  }

  /** → [1,tokens,width] */
  async encode(prompt: string): Promise<Tensor> {
    const { tokenizer, minLength, padding } = this.parts
    const tokens = t5Tokens(prompt, tokenizer(), minLength, padding)
    const { length } = tokens
    const weighted = tokens.some(({ weight }) => weight !== 1)
    const empty = weighted ? filled([{ id: t5End, weight: 1 }], length) : []
    const ids = BigInt64Array.from([...tokens, ...empty], ({ id }) => BigInt(id))
    const { base } = this
    const { states } = await this.parts.pool.run(this.recipe(base), {
      ids: { shape: [ids.length / length, length], data: ids },
      buckets: { shape: [length, length], data: relativeBuckets(length) },
      ...base.strengths,
    })
    const size = length * this.width
    const own = states!.data.slice(0, size)
    for (const [t, { weight }] of tokens.entries())
      for (let i = t * this.width; weight !== 1 && i < (t + 1) * this.width; i++) {
        const plain = states!.data[size + i]!
        own[i] = plain + (own[i]! - plain) * weight
      }
    return tensor([1, length, this.width], own)
  }

  /** What it is made of. */
  private get base(): NetworkBase {
    const { weights, openWeights } = this.parts
    return networkBase(weights, { adapters: this.adapters, openWeights, part: 'text' })
  }

  private recipe(base: NetworkBase): SessionRecipe {
    const { weights } = this.parts
    return {
      key: `t5 | ${base.key}`,
      file: weights.file,
      costBytes: weightBytes(weights, this.config.prefix),
      ...preparing(weights),
      build: () => {
        checkLayout(weights, this.config.prefix, t5Layout)
        return buildT5(weights, this.config, { branches: base.branches() })
      },
    }
  }
}
