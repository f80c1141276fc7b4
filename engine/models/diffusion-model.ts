// MODEL: a checkpoint's network with LoRAs on top. Reading the header is all that happens until the
// first step asks for the session.
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'
import { ModelError } from '../nodes/models.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { admVector } from './adm.ts'
import { controlFeeds } from './controlnet.ts'
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
} from './kinds.ts'
import { checkLora, LoraBranch, loraChanges } from './lora.ts'
import { identity, weightBytes } from './recipe.ts'
import { buildUnet, type UnetConfig, unetConfig } from './unet.ts'
import type { JoinedInput } from './unet-family.ts'

export interface DiffusionModelParts {
  weights: Weights
  pool: SessionPool
  latent: LatentFormat
  sampling: ModelSampling
  /** What the network sees beside the latent. */
  joins?: JoinedInput
  /** Opens a LoRA's file. */
  openWeights: (file: string) => Weights
}

export class UnetModel implements DiffusionModel {
  readonly adapters: readonly Adapter[]
  private readonly parts: DiffusionModelParts
  private readonly config: UnetConfig

  constructor(parts: DiffusionModelParts, adapters: readonly Adapter[] = []) {
    this.parts = parts
    this.adapters = adapters
    this.config = unetConfig(parts.weights)
  }

  get latent(): LatentFormat {
    return this.parts.latent
  }

  get sampling(): ModelSampling {
    return this.parts.sampling
  }

  withAdapter(adapter: Adapter): DiffusionModel {
    checkLora(this.parts.openWeights(adapter.file), this.parts.weights)
    return new UnetModel(this.parts, [...this.adapters, adapter])
  }

  withSampling(sampling: ModelSampling): DiffusionModel {
    return new UnetModel({ ...this.parts, sampling }, this.adapters)
  }

  admVector(
    conditioning: ConditioningItem,
    size: { width: number; height: number },
    side?: 'positive' | 'negative',
  ): Tensor | undefined {
    return admVector(this.config.adm, conditioning, size, side)
  }

  joined(conditioning: ConditioningItem, latent: NoisedLatent): Tensor | undefined {
    const { joins = 'none', latent: format } = this.parts
    if (joins === 'none') return undefined
    return joins === 'inpaint'
      ? inpaintInput(conditioning, latent, format)
      : editInput(conditioning, latent)
  }

  async network(): Promise<Network> {
    const { pool } = this.parts
    const recipe = this.recipe()
    const strengths = this.adapters.map(
      ({ strength }, i) => [`lora${i}`, tensor([], Float32Array.of(strength))] as const,
    )
    await pool.start(recipe)
    return {
      adm: this.config.adm,
      forward: async input => {
        this.check(input)
        const { x, timesteps, context } = input
        const feeds: Record<string, Tensor> = Object.fromEntries(strengths)
        Object.assign(feeds, { x, t: tensor([timesteps.length], timesteps), context })
        if (this.config.adm > 0 && input.y) feeds.y = input.y
        const { control, without } = input
        const perturbed = without?.middleAttention ?? false
        if (!control && !perturbed) return (await pool.run(recipe, feeds)).out!
        if (control) Object.assign(feeds, controlFeeds(control))
        return (await pool.run(this.recipe({ control: !!control, perturbed }), feeds)).out!
      },
    }
  }

  /** A variant is another session, so that runs without it pay nothing. */
  private recipe({ control = false, perturbed = false } = {}): SessionRecipe {
    const { weights, openWeights } = this.parts
    const loras = this.adapters.map(adapter => openWeights(adapter.file))
    return {
      key: [
        `unet${control ? ' with control' : ''}${perturbed ? ' perturbed' : ''}`,
        ...[weights, ...loras].map(identity),
      ].join(' | '),
      costBytes: weightBytes(weights, this.config.prefix),
      build: () => {
        const branches = loras.map(
          (lora, i) => new LoraBranch(`lora${i}`, loraChanges(lora, weights)),
        )
        return buildUnet(weights, this.config, { branches, control, perturbed })
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
