// CLIP: prompts to conditioning, by one encoder or by several that read the same prompt. Sessions
// start when the first prompt comes.
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import type { Watch } from '../inference/shared-work.ts'
import { readFloats, type Weights } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { PlacedFactors } from './attention-factors.ts'
import { buildClip, type ClipConfig, clipConfig, clipPrefixes } from './clip.ts'
import { chunkPrompt, emptyChunk, type FindEmbedding, type WeightedToken } from './clip-chunks.ts'
import { encodeChunks, hasVectors, type RunClip } from './clip-encode.ts'
import type { ClipTokenizer } from './clip-tokenizer.ts'
import type {
  Adapter,
  AttentionFactors,
  EncoderPart,
  PromptParts,
  TextEncoderModel,
} from './kinds.ts'
import { checkLayout } from './layout.ts'
import { clipLayout } from './layouts-text.ts'
import { unusedLayers } from './lora.ts'
import { type NetworkBase, networkBase } from './network-base.ts'
import { preparing, weightBytes } from './recipe.ts'

/** One encoder and where its weights are. */
export interface ClipTower {
  weights: Weights
  config: ClipConfig
}

/** The text encoders of a checkpoint with familiar names. */
export const clipTowers = (weights: Weights): ClipTower[] =>
  clipPrefixes(weights).map(prefix => ({ weights, config: clipConfig(weights, prefix) }))

export interface TextEncoderParts {
  towers: readonly ClipTower[]
  pool: SessionPool
  tokenizer: () => ClipTokenizer
  openWeights: (file: string) => Weights
  /** The weights of an embedding file by name, if it is there. */
  embedding: (name: string) => Weights | undefined
}

type Encoded = { cond: Tensor; pooled: Tensor }

export class ClipTextEncoder implements TextEncoderModel {
  readonly stopAtLayer: number | undefined
  private readonly adapters: readonly Adapter[]
  private readonly parts: TextEncoderParts
  private readonly factors: readonly PlacedFactors[]

  constructor(
    parts: TextEncoderParts,
    adapters: readonly Adapter[] = [],
    stopAtLayer?: number,
    factors: readonly PlacedFactors[] = [],
  ) {
    this.parts = parts
    this.adapters = adapters
    this.stopAtLayer = stopAtLayer
    this.factors = factors
  }

  withStopAtLayer(layer: number): TextEncoderModel {
    return new ClipTextEncoder(this.parts, this.adapters, layer, this.factors)
  }

  unusedLayers(file: string): readonly string[] {
    const lora = this.parts.openWeights(file)
    const unused = this.parts.towers.map(({ weights }) => unusedLayers(lora, weights))
    return unused.reduce((all, own) => all.filter(layer => own.includes(layer)))
  }

  withAdapter(adapter: Adapter): TextEncoderModel {
    // Read at once, so that a damaged file is said where it was chosen.
    this.parts.openWeights(adapter.file)
    const adapters = [...this.adapters, adapter]
    return new ClipTextEncoder(this.parts, adapters, this.stopAtLayer, this.factors)
  }

  withFactors(factors: AttentionFactors): TextEncoderModel {
    const all = [...this.factors, { ...factors, after: this.adapters.length }]
    return new ClipTextEncoder(this.parts, this.adapters, this.stopAtLayer, all)
  }

  get encoderParts(): readonly EncoderPart[] {
    return this.parts.towers.map(tower => ({
      name: `clip_${tower.config.kind}`,
      base: this.base(tower),
      // The projection lies beside the encoder.
      prefix: tower.config.prefix.replace(/text_model\.$/, ''),
    }))
  }

  withWeights(weights: ReadonlyMap<string, Weights>): TextEncoderModel {
    const towers = this.parts.towers.map(({ config, ...tower }) => ({
      weights: weights.get(`clip_${config.kind}`) ?? tower.weights,
      config,
    }))
    return new ClipTextEncoder({ ...this.parts, towers }, [], this.stopAtLayer)
  }

  async ready(watch?: Watch): Promise<void> {
    for (const { weights } of this.parts.towers) await weights.made?.ready(watch)
  }

  /** Two encoders: their states side by side, the pooled state of the last. */
  async encode(text: string | PromptParts): Promise<Encoded> {
    const { towers } = this.parts
    const chunks = towers.map(({ config }) => this.chunks(text, config))
    if (typeof text !== 'string') fillUp(chunks, towers)
    const encoded: Encoded[] = []
    for (const [i, tower] of towers.entries()) encoded.push(await this.run(tower, chunks[i]!))
    return { cond: sideBySide(encoded.map(({ cond }) => cond)), pooled: encoded.at(-1)!.pooled }
  }

  private chunks(text: string | PromptParts, config: ClipConfig): WeightedToken[][] {
    const own = typeof text === 'string' ? text : (text[config.kind] ?? '')
    const find: FindEmbedding = name => this.findEmbedding(name, config.width)
    return chunkPrompt(own, this.parts.tokenizer(), find, config.padToken)
  }

  private run(tower: ClipTower, chunks: readonly WeightedToken[][]): Promise<Encoded> {
    const base = this.base(tower)
    const recipe = this.recipe(tower, base, hasVectors(chunks))
    const run: RunClip = feeds => this.parts.pool.run(recipe, { ...feeds, ...base.strengths })
    return encodeChunks(run, chunks, tower.config)
  }

  /** What one encoder is made of. */
  private base({ weights }: ClipTower): NetworkBase {
    const { adapters, factors } = this
    const { openWeights } = this.parts
    return networkBase(weights, { adapters, openWeights, part: 'text', factors, rounds: true })
  }

  private recipe({ weights, config }: ClipTower, base: NetworkBase, vectors: boolean) {
    const stopAtLayer = this.stopAtLayer ?? config.stopAtLayer
    const recipe: SessionRecipe = {
      key: `clip ${JSON.stringify(config)} ${stopAtLayer} ${vectors} ${base.key}`,
      file: weights.file,
      costBytes: weightBytes(weights, config.prefix),
      ...preparing(weights),
      build: () => {
        checkLayout(weights, config.prefix, clipLayout)
        return buildClip(weights, config, { branches: base.branches(), stopAtLayer, vectors })
      },
    }
    return recipe
  }

  /** Rows of the file's tensor that fits an encoder's width. */
  private findEmbedding(name: string, width: number): Float32Array[] | undefined {
    const file = this.parts.embedding(name)
    const found = [...(file?.tensors.values() ?? [])].find(t => t.shape.at(-1) === width)
    if (!found) return undefined
    const values = readFloats(found)
    return Array.from({ length: values.length / width }, (_, i) =>
      values.slice(i * width, (i + 1) * width),
    )
  }
}

/** Different prompts may differ in length: the shorter goes on with chunks of no words. */
function fillUp(chunks: WeightedToken[][][], towers: readonly ClipTower[]): void {
  const longest = Math.max(...chunks.map(own => own.length))
  for (const [i, { config }] of towers.entries())
    while (chunks[i]!.length < longest) chunks[i]!.push(emptyChunk(config.padToken))
}

/** [1,S,a] and [1,T,b] → [1,min(S,T),a+b] */
export function sideBySide(parts: readonly Tensor[]): Tensor {
  if (parts.length === 1) return parts[0]!
  const tokens = Math.min(...parts.map(part => part.shape[1]!))
  const width = parts.reduce((sum, part) => sum + part.shape[2]!, 0)
  const out = tensor([1, tokens, width])
  let column = 0
  for (const { data, shape } of parts) {
    const own = shape[2]!
    for (let t = 0; t < tokens; t++)
      out.data.set(data.subarray(t * own, (t + 1) * own), t * width + column)
    column += own
  }
  return out
}
