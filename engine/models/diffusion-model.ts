// MODEL: a checkpoint's network with LoRAs on top. Reading the header is all that happens until the
// first step asks for the session.

import { ModelError } from '../inference/model-error.ts'
import type { Ids } from '../inference/session.ts'
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import type { Watch } from '../inference/shared-work.ts'
import type { Weights } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { admVector } from './adm.ts'
import type { PlacedFactors } from './attention-factors.ts'
import { controlFeeds, controlPlaces } from './control-places.ts'
import { gligenExtras } from './gligen.ts'
import { editInput, inpaintInput } from './joined-input.ts'
import type {
  Adapter,
  AttentionFactors,
  ConditioningItem,
  DiffusionModel,
  LatentFormat,
  ModelSampling,
  Network,
  NetworkInput,
  NoisedLatent,
  UnetChange,
} from './kinds.ts'
import { checkAdapter, unusedLayers, wholeBytes } from './lora.ts'
import { type NetworkBase, networkBase } from './network-base.ts'
import { identity, preparing, weightBytes } from './recipe.ts'
import { sharedRows } from './shared-rows.ts'
import { noiseLevel, smallPictureInput } from './small-picture.ts'
import { toldGuidance } from './told-guidance.ts'
import { type UnclipStatistics, unclipVector } from './unclip.ts'
import { buildUnet, type GraphOptions, latentSize, type UnetConfig, unetConfig } from './unet.ts'
import { changeFeeds, changeKey, changesAt, fittingControl } from './unet-changes.ts'
import type { JoinedInput } from './unet-family.ts'

export interface DiffusionModelParts {
  weights: Weights
  pool: SessionPool
  latent: LatentFormat
  sampling: ModelSampling
  /** What the network sees beside the latent. */
  joins?: JoinedInput
  /** Of the pictures that an unCLIP model sees. */
  unclip?: UnclipStatistics
  /** What is odd about the file. */
  notes?: readonly string[]
  /** Opens a LoRA's file. */
  openWeights: (file: string) => Weights
}

/** What nodes lay on a network, in their order. */
interface Laid {
  adapters: readonly Adapter[]
  /** Inside the network. */
  changes: readonly UnetChange[]
  factors: readonly PlacedFactors[]
}

const nothing: Laid = { adapters: [], changes: [], factors: [] }

export class UnetModel implements DiffusionModel {
  readonly adapters: readonly Adapter[]
  private readonly parts: DiffusionModelParts
  private readonly laid: Laid
  private readonly config: UnetConfig

  constructor(parts: DiffusionModelParts, laid: Laid = nothing) {
    this.parts = parts
    this.laid = laid
    this.adapters = laid.adapters
    this.config = unetConfig(parts.weights)
  }

  private with(laid: Partial<Laid>): DiffusionModel {
    return new UnetModel(this.parts, { ...this.laid, ...laid })
  }

  get latent(): LatentFormat {
    return this.parts.latent
  }

  get sampling(): ModelSampling {
    return this.parts.sampling
  }

  /** Of the file, without what was laid on it. */
  get weights(): Weights {
    return this.parts.weights
  }

  get notes(): readonly string[] {
    return this.parts.notes ?? []
  }

  unusedLayers(file: string): readonly string[] {
    return unusedLayers(this.parts.openWeights(file), this.parts.weights)
  }

  withAdapter(adapter: Adapter): DiffusionModel {
    checkAdapter(adapter, this.parts.openWeights(adapter.file), this.parts.weights)
    return this.with({ adapters: [...this.adapters, adapter] })
  }

  withSampling(sampling: ModelSampling): DiffusionModel {
    return new UnetModel({ ...this.parts, sampling }, this.laid)
  }

  withChange(change: UnetChange): DiffusionModel {
    return this.with({ changes: [...this.laid.changes, change] })
  }

  withFactors(factors: AttentionFactors): DiffusionModel {
    const placed = { ...factors, after: this.adapters.length }
    return this.with({ factors: [...this.laid.factors, placed] })
  }

  withWeights(weights: Weights): DiffusionModel {
    return new UnetModel({ ...this.parts, weights }, { ...nothing, changes: this.laid.changes })
  }

  admVector(
    conditioning: ConditioningItem,
    size: { width: number; height: number },
    side?: 'positive' | 'negative',
    seed?: bigint,
  ): Tensor | undefined {
    const { unclip, joins } = this.parts
    if (joins === 'small picture') return noiseLevel(conditioning)
    if (unclip) return unclipVector(conditioning, unclip, seed)
    return admVector(this.config.adm, conditioning, size, side)
  }

  joined(conditioning: ConditioningItem, latent: NoisedLatent): Tensor | undefined {
    const { joins = 'none', latent: format } = this.parts
    if (joins === 'none') return undefined
    if (joins === 'small picture') return smallPictureInput(conditioning, latent)
    return joins === 'inpaint'
      ? inpaintInput(conditioning, latent, format)
      : editInput(conditioning, latent)
  }

  /** Where the texts are that a GLIGEN model places, and the guidance of consistency models. */
  extras(item: ConditioningItem, size: { width: number; height: number }): Record<string, Tensor> {
    const { downscale } = this.latent
    const latent = { width: size.width / downscale, height: size.height / downscale }
    const told = this.config.guidance
    return {
      ...(told > 0 && { guidance: toldGuidance(item, told) }),
      ...(item.gligen && gligenExtras(item.gligen.boxes, latent)),
    }
  }

  /** What its network is made of. */
  get base(): NetworkBase {
    const { adapters, factors } = this.laid
    const { weights, openWeights } = this.parts
    return networkBase(weights, { adapters, openWeights, part: 'network', factors })
  }

  async network(latent?: readonly number[], watch?: Watch): Promise<Network> {
    const { pool } = this.parts
    const size = latent && latentSize(latent)
    const first = changesAt(this.laid.changes, this.sampling.sigmaMax)
    const recipe = this.recipe({ size }, first)
    const { base } = this
    await pool.startLarge(recipe, watch)
    return {
      adm: this.config.adm,
      base,
      forward: async input => {
        this.check(input)
        const { x, timesteps, context, y, without, watch, gligen } = input
        const changes = changesAt(this.laid.changes, input.sigma)
        const control = input.control && changes.reduce(fittingControl, input.control)
        const feeds: Record<string, Tensor | Ids> = { ...base.strengths }
        const pictures = { x, t: tensor([timesteps.length], timesteps) }
        const inside = changes.length > 0 || gligen
        Object.assign(feeds, inside ? pictures : sharedRows(pictures), { context })
        if (this.config.adm > 0 && y) feeds.y = y
        if (control) Object.assign(feeds, controlFeeds(control))
        Object.assign(feeds, input.extras)
        for (const [i, change] of changes.entries())
          Object.assign(feeds, changeFeeds(`change${i}`, change, x.shape))
        const variant = {
          size,
          control: control && controlPlaces(control),
          perturbed: without?.middleAttention,
          watched: watch !== undefined,
          gligen: gligen && this.parts.openWeights(gligen.file),
        }
        const { out, attention } = await pool.run(this.recipe(variant, changes), feeds)
        if (attention) watch?.(attention)
        return out!
      },
    }
  }

  /** A variant is another session, so that runs without it pay nothing. */
  private recipe(
    variant: Pick<GraphOptions, 'size' | 'control' | 'perturbed' | 'watched' | 'gligen'>,
    changes: readonly UnetChange[],
  ): SessionRecipe {
    const { weights } = this.parts
    const { size = 'small', control = [], perturbed, watched, gligen } = variant
    const { base } = this
    const kind = [
      'unet',
      size,
      control.length > 0 && `with control ${control.join()}`,
      perturbed && 'perturbed',
      watched && 'watched',
      gligen && `gligen ${identity(gligen)}`,
      ...changes.map(changeKey),
    ]
    return {
      key: [kind.filter(Boolean).join(' '), base.key].join(' | '),
      file: weights.file,
      costBytes:
        weightBytes(weights, this.config.prefix) +
        wholeBytes(this.adapters, this.parts.openWeights, this.config.prefix),
      roundable: { weights, prefix: this.config.prefix },
      ...preparing(weights),
      build: () =>
        buildUnet(weights, this.config, { branches: base.branches(), changes, ...variant }),
    }
  }

  private check({ x, context, y }: NetworkInput): void {
    const { channels, contextWidth, adm } = this.config
    if (x.shape[1] !== channels)
      throw new ModelError(
        `The model takes latents of ${channels} channels, this one has ${x.shape[1]}. Use an empty ` +
          'latent or a VAE that belongs to the model.',
      )
    if (context.shape[2] !== contextWidth)
      throw new ModelError(
        `The model takes text of width ${contextWidth}, the conditioning has ${context.shape[2]}: ` +
          'it comes from the text encoder of another model. Connect the CLIP of the same checkpoint.',
      )
    if (adm > 0 && !y)
      throw new ModelError('The model needs the pooled text beside the conditioning.')
  }
}
