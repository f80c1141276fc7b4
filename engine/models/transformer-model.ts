// MODEL of a diffusion transformer, with LoRAs on top. As with the UNet, nothing but the header is
// read until the first step.
import { basename } from 'node:path'
import { ModelError } from '../inference/model-error.ts'
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import type { Watch } from '../inference/shared-work.ts'
import type { Weights } from '../inference/weights.ts'
import { scaled } from '../sampling/sample.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { blockwiseFeeds, checkPatch } from './blockwise-control.ts'
import { controlFeeds, controlPlaces } from './control-places.ts'
import type {
  Adapter,
  BlockwiseControl,
  ConditioningItem,
  DiffusionModel,
  LatentFormat,
  ModelSampling,
  Network,
  NetworkInput,
} from './kinds.ts'
import { checkAdapter, unusedLayers, wholeBytes } from './lora.ts'
import { type NetworkBase, networkBase } from './network-base.ts'
import { identity, preparing, weightBytes } from './recipe.ts'
import { referenceExtras } from './reference-latents.ts'
import { diffusionPrefix, type Transformer } from './transformer.ts'
import type { GraphOptions } from './unet.ts'

export interface TransformerModelParts {
  /** Under checkpoint names, see `withDiffusionPrefix`. */
  weights: Weights
  transformer: Transformer
  /** The same network of other weights. */
  network: (weights: Weights) => Transformer
  pool: SessionPool
  latent: LatentFormat
  sampling: ModelSampling
  /** What is odd about the file. */
  notes?: readonly string[]
  /** Model patches laid on it. */
  blockwise?: readonly BlockwiseControl[]
  /** Opens the file of a LoRA or a patch. */
  openWeights: (file: string) => Weights
}

export class TransformerModel implements DiffusionModel {
  readonly adapters: readonly Adapter[]
  readonly jointAttention = true
  readonly withBlockwise: DiffusionModel['withBlockwise']
  private readonly parts: TransformerModelParts

  constructor(parts: TransformerModelParts, adapters: readonly Adapter[] = []) {
    this.parts = parts
    this.adapters = adapters
    if (parts.transformer.blockwise) this.withBlockwise = control => this.patched(control)
  }

  private patched(control: BlockwiseControl): DiffusionModel {
    const { openWeights, weights, transformer, blockwise = [] } = this.parts
    const patch = openWeights(control.patch.file)
    checkPatch(patch, weights, transformer.blockwise!, transformer.channels)
    return new TransformerModel(
      { ...this.parts, blockwise: [...blockwise, control] },
      this.adapters,
    )
  }

  get latent(): LatentFormat {
    return this.parts.latent
  }

  get skipsBlocks(): boolean {
    return this.parts.transformer.skipsBlocks ?? false
  }

  get sampling(): ModelSampling {
    return this.parts.sampling
  }

  get notes(): readonly string[] {
    return this.parts.notes ?? []
  }

  unusedLayers(file: string): readonly string[] {
    return unusedLayers(this.parts.openWeights(file), this.parts.weights)
  }

  withAdapter(adapter: Adapter): DiffusionModel {
    checkAdapter(adapter, this.parts.openWeights(adapter.file), this.parts.weights)
    return new TransformerModel(this.parts, [...this.adapters, adapter])
  }

  /** What its network is made of. */
  get base(): NetworkBase {
    const { weights, openWeights } = this.parts
    return networkBase(weights, { adapters: this.adapters, openWeights, part: 'network' })
  }

  withWeights(weights: Weights): DiffusionModel {
    const transformer = this.parts.network(weights)
    return new TransformerModel({ ...this.parts, weights, transformer })
  }

  withSampling(sampling: ModelSampling): DiffusionModel {
    return new TransformerModel({ ...this.parts, sampling }, this.adapters)
  }

  /** The pooled text; zeros where a conditioning has none, as for an empty one. */
  admVector({ pooled }: ConditioningItem): Tensor | undefined {
    const width = this.parts.transformer.pooledWidth
    if (width === 0) return undefined
    return pooled?.shape[1] === width ? pooled : tensor([1, width])
  }

  extras(item: ConditioningItem): Record<string, Tensor> {
    const { transformer, latent } = this.parts
    const own = transformer.extras?.(item) ?? {}
    if (!transformer.references) return own
    const inOurs = (picture: Tensor) => tensor(picture.shape, scaled(picture, latent))
    return { ...own, ...referenceExtras(item, inOurs) }
  }

  async network(_latent?: readonly number[], watch?: Watch): Promise<Network> {
    const { pool, transformer, latent, openWeights, blockwise = [] } = this.parts
    const recipe = this.recipe()
    const { base } = this
    await pool.start(recipe, watch)
    return {
      adm: transformer.pooledWidth,
      blocks: transformer.blocks,
      forward: async input => {
        this.check(input)
        const { control, without } = input
        const biased = transformer.biased?.(input) ?? false
        const still = transformer.still?.(input) ?? false
        const used =
          control || without || biased || still
            ? this.recipe({
                skippedBlocks: without?.blocks,
                skippedSingles: without?.singleBlocks,
                control: control && controlPlaces(control),
                biased,
                still,
              })
            : recipe
        const { out } = await pool.run(used, {
          ...transformer.feeds(input),
          ...(control && controlFeeds(control)),
          ...base.strengths,
          ...(await blockwiseFeeds(blockwise, openWeights, input.x.shape, latent)),
        })
        return transformer.latent(out!, input.x)
      },
    }
  }

  /** A variant is another session. */
  private recipe(
    variant: Pick<
      GraphOptions,
      'skippedBlocks' | 'skippedSingles' | 'control' | 'biased' | 'still'
    > = {},
  ): SessionRecipe {
    const { skippedBlocks = [], skippedSingles = [], control = [], biased, still } = variant
    const { weights, transformer, openWeights, blockwise = [] } = this.parts
    const patches = blockwise.map(({ patch }) => openWeights(patch.file))
    const { base } = this
    return {
      key: [
        `transformer${biased ? ' biased' : ''}${still ? ' still' : ''}`,
        `${skippedBlocks}`,
        `${skippedSingles}`,
        ...control,
        base.key,
        ...patches.map(patch => `patch ${identity(patch)}`),
      ].join(' | '),
      file: weights.file,
      costBytes: patches.reduce(
        (sum, patch) => sum + weightBytes(patch, ''),
        weightBytes(weights, diffusionPrefix) +
          wholeBytes(this.adapters, openWeights, diffusionPrefix),
      ),
      ...preparing(weights),
      build: () => transformer.build({ branches: base.branches(), blockwise: patches, ...variant }),
    }
  }

  private check({ x, context, control }: NetworkInput): void {
    const { weights, transformer } = this.parts
    const name = basename(weights.file)
    if (x.shape[1] !== transformer.channels)
      throw new ModelError(
        `${name} takes latents of ${transformer.channels} channels, this one has ${x.shape[1]}. ` +
          'Use an empty latent or a VAE that belongs to the model.',
      )
    if (context.shape[2] !== transformer.contextWidth)
      throw new ModelError(
        `${name} takes text of width ${transformer.contextWidth}, the conditioning has ` +
          `${context.shape[2]}: it comes from another model's text encoder. Load the text encoders ` +
          'that belong to this model.',
      )
    if (control && !transformer.blocks)
      throw new ModelError(`ControlNet does not work with ${name} yet. Remove the ControlNet node.`)
  }
}
