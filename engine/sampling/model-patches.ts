// What a MODEL carries beside its network: changes to how answers become x0. Patches stack in the
// order in which their nodes come, as in ComfyUI.
import type { Conditioning, DiffusionModel, ModelSampling, Weakening } from '../models/kinds.ts'
import type { Tensor } from '../tensor.ts'
import type { AnswerReuse } from './answer-reuse.ts'

/** One look at the network. */
export interface Moment {
  /** [B,C,h,w] as the sampler sees it. */
  x: Tensor
  sigma: number
  sampling: ModelSampling
  /** x0 of a prompt that the guider does not know, at the same moment. */
  ask(prompt: Conditioning): Promise<Float32Array>
  /** x0 of the guider's first prompt from a network that lacks something. */
  askWeakened(without: Weakening): Promise<Float32Array>
  /** The guider's negative prompt. */
  readonly negative: NegativeSide
}

export interface NegativeSide {
  /** What a UNet's middle looked at for it, [B,T], where the model's patches watch attention. */
  attention(): Tensor | undefined
  /** x0 of it for another latent at the same noise level, or from a network that lacks something. */
  ask(x: Tensor, without?: Weakening): Promise<Float32Array>
}

/** x0 as each side sees it. */
export interface Guesses {
  cond: Float32Array
  /** Missing where the negative side was not asked: at cfg 1 it has no say. */
  uncond?: Float32Array
}

type Answer<T> = T | Promise<T>

/** What a patch does at each look. */
export interface GuidanceSteps {
  /** Changes the guesses before they are combined. */
  before?(guesses: Guesses, moment: Moment, cfg: number): Answer<Guesses>
  /** In the place of uncond + (cond − uncond) · cfg. Of several patches the last one counts. */
  combine?(guesses: Required<Guesses>, moment: Moment, cfg: number): Answer<Float32Array>
  /** Changes what came out. */
  after?(
    denoised: Float32Array,
    guesses: Required<Guesses>,
    moment: Moment,
    cfg: number,
  ): Answer<Float32Array>
  /** Asks the negative side at cfg 1 too. */
  needsNegative?: boolean
}

/** Called as a run begins, so that a patch may remember earlier steps. */
export type GuidancePatch = () => GuidanceSteps

/** The noise mask for one look, from the whole one. Both are 1 where the picture is made anew. */
export type MaskPatch = (
  mask: Float32Array,
  run: { sigma: number; sigmas: Float32Array; sampling: ModelSampling },
) => Float32Array

export interface ModelPatches {
  readonly guidance?: readonly GuidancePatch[]
  readonly mask?: MaskPatch
  /** Whether what a UNet's middle looks at is kept for guidance. */
  readonly watchesAttention?: boolean
  /** Answers of the network, and whole looks, that stand in for later ones. */
  readonly reuse?: { readonly network?: AnswerReuse; readonly look?: AnswerReuse }
}

/** The model with other patches; everything else is the original's. */
export function withPatches(model: DiffusionModel, patches: ModelPatches): DiffusionModel {
  const own: Pick<
    DiffusionModel,
    | 'patches'
    | 'withAdapter'
    | 'withBlockwise'
    | 'withChange'
    | 'withFactors'
    | 'withSampling'
    | 'withWeights'
  > = {
    patches,
    withChange: model.withChange && (change => withPatches(model.withChange!(change), patches)),
    withBlockwise:
      model.withBlockwise && (control => withPatches(model.withBlockwise!(control), patches)),
    withFactors:
      model.withFactors && (factors => withPatches(model.withFactors!(factors), patches)),
    withAdapter: adapter => withPatches(model.withAdapter(adapter), patches),
    withSampling: sampling => withPatches(model.withSampling(sampling), patches),
    withWeights:
      model.withWeights && (weights => withPatches(model.withWeights!(weights), patches)),
  }
  return Object.assign(Object.create(model) as DiffusionModel, own)
}

/** The model with one more change to its guidance. */
export const withGuidance = (model: DiffusionModel, ...added: GuidancePatch[]): DiffusionModel =>
  withPatches(model, {
    ...model.patches,
    guidance: [...(model.patches?.guidance ?? []), ...added],
  })

export const watchingAttention = (model: DiffusionModel): DiffusionModel =>
  withPatches(model, { ...model.patches, watchesAttention: true })

export const withReuse = (model: DiffusionModel, reuse: ModelPatches['reuse']): DiffusionModel =>
  withPatches(model, { ...model.patches, reuse: { ...model.patches?.reuse, ...reuse } })

export const withMaskPatch = (model: DiffusionModel, mask: MaskPatch): DiffusionModel =>
  withPatches(model, { ...model.patches, mask })
