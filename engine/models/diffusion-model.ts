// MODEL: a checkpoint's network with LoRAs on top. Reading the header is all that happens until the
// first step asks for the session.
import type { Ids } from '../inference/session.ts'
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'
import { ModelError } from '../nodes/models.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { admVector } from './adm.ts'
import { controlFeeds, controlPlaces } from './control-places.ts'
import { gligenExtras } from './gligen.ts'
import { editInput, inpaintInput } from './joined-input.ts'
import type {
  Adapter,
  ConditioningItem,
  DiffusionModel,
  LatentFormat,
  ModelSampling,
  Network,
  NetworkInput,
  NoisedLatent,
  UnetChange,
} from './kinds.ts'
import { checkLora, LoraBranch, loraChanges, unusedLayers } from './lora.ts'
import { identity, weightBytes } from './recipe.ts'
import { toldGuidance } from './told-guidance.ts'
import { type UnclipStatistics, unclipVector } from './unclip.ts'
import { buildUnet, type GraphOptions, latentSize, type UnetConfig, unetConfig } from './unet.ts'
import { changeFeeds, changeKey } from './unet-changes.ts'
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

export class UnetModel implements DiffusionModel {
  readonly adapters: readonly Adapter[]
  private readonly parts: DiffusionModelParts
  private readonly changes: readonly UnetChange[]
  private readonly config: UnetConfig

  constructor(
    parts: DiffusionModelParts,
    adapters: readonly Adapter[] = [],
    changes: readonly UnetChange[] = [],
  ) {
    this.parts = parts
    this.adapters = adapters
    this.changes = changes
    this.config = unetConfig(parts.weights)
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
    checkLora(this.parts.openWeights(adapter.file), this.parts.weights)
    return new UnetModel(this.parts, [...this.adapters, adapter], this.changes)
  }

  withSampling(sampling: ModelSampling): DiffusionModel {
    return new UnetModel({ ...this.parts, sampling }, this.adapters, this.changes)
  }

  withChange(change: UnetChange): DiffusionModel {
    return new UnetModel(this.parts, this.adapters, [...this.changes, change])
  }

  admVector(
    conditioning: ConditioningItem,
    size: { width: number; height: number },
    side?: 'positive' | 'negative',
    seed?: bigint,
  ): Tensor | undefined {
    const { unclip } = this.parts
    if (unclip) return unclipVector(conditioning, unclip, seed)
    return admVector(this.config.adm, conditioning, size, side)
  }

  joined(conditioning: ConditioningItem, latent: NoisedLatent): Tensor | undefined {
    const { joins = 'none', latent: format } = this.parts
    if (joins === 'none') return undefined
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

  async network(latent?: readonly number[]): Promise<Network> {
    const { pool } = this.parts
    const size = latent && latentSize(latent)
    const recipe = this.recipe({ size })
    const strengths = this.adapters.map(
      ({ strength }, i) => [`lora${i}`, tensor([], Float32Array.of(strength))] as const,
    )
    await pool.startLarge(recipe)
    return {
      adm: this.config.adm,
      forward: async input => {
        this.check(input)
        const { x, timesteps, context, y, control, without, watch, gligen } = input
        const feeds: Record<string, Tensor | Ids> = Object.fromEntries(strengths)
        Object.assign(feeds, { x, t: tensor([timesteps.length], timesteps), context })
        if (this.config.adm > 0 && y) feeds.y = y
        if (control) Object.assign(feeds, controlFeeds(control))
        Object.assign(feeds, input.extras)
        for (const [i, change] of this.changes.entries())
          Object.assign(feeds, changeFeeds(`change${i}`, change, x.shape))
        const variant = {
          size,
          control: control && controlPlaces(control),
          perturbed: without?.middleAttention,
          watched: watch !== undefined,
          gligen: gligen && this.parts.openWeights(gligen.file),
        }
        const { out, attention } = await pool.run(this.recipe(variant), feeds)
        if (attention) watch?.(attention)
        return out!
      },
    }
  }

  /** A variant is another session, so that runs without it pay nothing. */
  private recipe(
    variant: Pick<GraphOptions, 'size' | 'control' | 'perturbed' | 'watched' | 'gligen'>,
  ): SessionRecipe {
    const { weights, openWeights } = this.parts
    const { size = 'small', control = [], perturbed, watched, gligen } = variant
    const { changes } = this
    const loras = this.adapters.map(adapter => openWeights(adapter.file))
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
      key: [kind.filter(Boolean).join(' '), ...[weights, ...loras].map(identity)].join(' | '),
      costBytes: weightBytes(weights, this.config.prefix),
      roundable: { weights, prefix: this.config.prefix },
      build: () => {
        const branches = loras.map(
          (lora, i) => new LoraBranch(`lora${i}`, loraChanges(lora, weights)),
        )
        return buildUnet(weights, this.config, { branches, changes, ...variant })
      },
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
