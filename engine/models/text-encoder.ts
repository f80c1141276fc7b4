// CLIP: prompts to conditioning. Sessions start when the first prompt comes.
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import { readFloats, type Weights } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { buildClip, type ClipConfig, clipConfig } from './clip.ts'
import { chunkPrompt, type FindEmbedding } from './clip-chunks.ts'
import { encodeChunks, hasVectors, type RunClip } from './clip-encode.ts'
import type { ClipTokenizer } from './clip-tokenizer.ts'
import type { Adapter, TextEncoderModel } from './kinds.ts'
import { LoraBranch, loraChanges } from './lora.ts'
import { identity, weightBytes } from './recipe.ts'

export interface TextEncoderParts {
  weights: Weights
  pool: SessionPool
  tokenizer: () => ClipTokenizer
  openWeights: (file: string) => Weights
  /** The weights of an embedding file by name, if it is there. */
  embedding: (name: string) => Weights | undefined
}

export class ClipTextEncoder implements TextEncoderModel {
  readonly stopAtLayer: number | undefined
  private readonly adapters: readonly Adapter[]
  private readonly parts: TextEncoderParts
  private readonly config: ClipConfig

  constructor(parts: TextEncoderParts, adapters: readonly Adapter[] = [], stopAtLayer?: number) {
    this.parts = parts
    this.adapters = adapters
    this.stopAtLayer = stopAtLayer
    this.config = clipConfig(parts.weights)
  }

  withStopAtLayer(layer: number): TextEncoderModel {
    return new ClipTextEncoder(this.parts, this.adapters, layer)
  }

  withAdapter(adapter: Adapter): TextEncoderModel {
    loraChanges(this.parts.openWeights(adapter.file), this.parts.weights)
    return new ClipTextEncoder(this.parts, [...this.adapters, adapter], this.stopAtLayer)
  }

  async encode(text: string): Promise<{ cond: Tensor; pooled: Tensor }> {
    const chunks = chunkPrompt(text, this.parts.tokenizer(), this.findEmbedding)
    const strengths = Object.fromEntries(
      this.adapters.map(({ strength }, i) => [`lora${i}`, tensor([], Float32Array.of(strength))]),
    )
    const recipe = this.recipe(hasVectors(chunks))
    const run: RunClip = feeds => this.parts.pool.run(recipe, { ...feeds, ...strengths })
    return encodeChunks(run, chunks, this.config.width)
  }

  private recipe(vectors: boolean): SessionRecipe {
    const { weights, openWeights } = this.parts
    const { config, stopAtLayer } = this
    const loras = this.adapters.map(adapter => openWeights(adapter.file))
    const files = [weights, ...loras].map(identity).join(' | ')
    return {
      key: `clip ${stopAtLayer ?? -1} ${vectors} ${files}`,
      costBytes: weightBytes(weights, config.prefix),
      build: () => {
        const branches = loras.map(
          (lora, i) => new LoraBranch(`lora${i}`, loraChanges(lora, weights)),
        )
        return buildClip(weights, config, { branches, stopAtLayer, vectors })
      },
    }
  }

  /** Rows of the file's tensor that fits this encoder's width. */
  private readonly findEmbedding: FindEmbedding = name => {
    const { width } = this.config
    const file = this.parts.embedding(name)
    const found = [...(file?.tensors.values() ?? [])].find(t => t.shape.at(-1) === width)
    if (!found) return undefined
    const values = readFloats(found)
    return Array.from({ length: values.length / width }, (_, i) =>
      values.slice(i * width, (i + 1) * width),
    )
  }
}
