// HOOKS: changes to a model's weights that hold for single prompts, and by share of the run. A prompt
// with hooks is asked of the model with those LoRAs on it, all others of the model as it is.
import type { DiffusionModel, ModelSampling, Network, TextEncoderModel } from '../models/kinds.ts'

/** From here on the strength is multiplied. */
export interface HookKeyframe {
  /** Share of the run. */
  start: number
  multiplier: number
}

export interface WeightHook {
  /** Real path of a LoRA. */
  file: string
  model: number
  clip: number
  keyframes?: readonly HookKeyframe[]
}

export type Hooks = readonly WeightHook[]

/** Keyframes in the order of their starts. */
export const inTime = (keyframes: readonly HookKeyframe[]): HookKeyframe[] =>
  keyframes.toSorted((a, b) => a.start - b.start)

/** The model strength of each hook at a noise level. */
export const strengthsAt = (hooks: Hooks, sampling: ModelSampling, sigma: number): number[] =>
  hooks.map(({ model, keyframes = [] }) => {
    const begun = keyframes.filter(({ start }) => sampling.percentToSigma(start) >= sigma)
    return model * (begun.at(-1)?.multiplier ?? 1)
  })

/** The network that prompts with certain hooks are asked of, for latents of a shape. */
export type NetworkAt = (sigma: number, latent: readonly number[]) => Promise<Network>

const known = new WeakMap<DiffusionModel, Map<string, NetworkAt>>()

/** Prompts with the same hooks get the same function, so that they can share a look. */
export function networkWith(model: DiffusionModel, hooks: Hooks): NetworkAt {
  let ofModel = known.get(model)
  if (!ofModel) known.set(model, (ofModel = new Map()))
  const key = JSON.stringify(hooks)
  let at = ofModel.get(key)
  if (!at) ofModel.set(key, (at = networksOf(model, hooks)))
  return at
}

function networksOf(model: DiffusionModel, hooks: Hooks): NetworkAt {
  let last: { key: string; network: Promise<Network> } | undefined
  return (sigma, latent) => {
    const strengths = strengthsAt(hooks, model.sampling, sigma)
    const key = [...strengths, ...latent].join()
    if (last?.key === key) return last.network
    const adapted = hooks.reduce(
      (changed, { file }, i) =>
        strengths[i] === 0 ? changed : changed.withAdapter({ file, strength: strengths[i]! }),
      model,
    )
    last = { key, network: adapted.network(latent) }
    return last.network
  }
}

/** A text encoder with the hooks' LoRAs on it; what it encodes carries the hooks if wanted. */
export function encoderWith(
  clip: TextEncoderModel,
  hooks: Hooks,
  applyToConditions: boolean,
): TextEncoderModel {
  const adapted = hooks.reduce(
    (changed, { file, clip: strength }) =>
      strength === 0 ? changed : changed.withAdapter({ file, strength }),
    clip,
  )
  return applyToConditions ? carrying(adapted, hooks) : adapted
}

function carrying(clip: TextEncoderModel, hooks: Hooks): TextEncoderModel {
  const own: Pick<
    TextEncoderModel,
    'encode' | 'withAdapter' | 'withFactors' | 'withFilling' | 'withStopAtLayer'
  > = {
    encode: async text => ({ ...(await clip.encode(text)), hooks }),
    withAdapter: adapter => carrying(clip.withAdapter(adapter), hooks),
    withFactors: clip.withFactors && (factors => carrying(clip.withFactors!(factors), hooks)),
    withFilling: clip.withFilling && (filling => carrying(clip.withFilling!(filling), hooks)),
    withStopAtLayer: layer => carrying(clip.withStopAtLayer(layer), hooks),
  }
  return Object.assign(Object.create(clip) as TextEncoderModel, own)
}
