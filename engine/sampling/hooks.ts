// HOOKS: changes to a model's weights that hold for single prompts, and by share of the run. A prompt
// with hooks is asked of the model with those LoRAs on it, all others of the model as it is.
import type { Watch } from '../inference/shared-work.ts'
import type {
  Adapter,
  ConditioningItem,
  DiffusionModel,
  ModelSampling,
  Network,
  TextEncoderModel,
} from '../models/kinds.ts'
import { boundAt } from './model-sampling.ts'

/** From here on the strength is multiplied. */
export interface HookKeyframe {
  /** Share of the run. */
  start: number
  multiplier: number
}

export interface WeightHook {
  /** Real path of a LoRA, or of a checkpoint. */
  file: string
  /** It is a checkpoint, whose weights take the place of the model's as far as strength says. */
  whole?: boolean
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
    const begun = keyframes.filter(({ start }) => boundAt(sampling, start) >= sigma)
    return model * (begun.at(-1)?.multiplier ?? 1)
  })

/**
 * The network that prompts with certain hooks are asked of, for latents of a shape. `watch` is told of
 * work that has to be done first, as by `DiffusionModel.network`.
 */
export type NetworkAt = (
  sigma: number,
  latent: readonly number[],
  watch?: Watch,
) => Promise<Network>

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
  return (sigma, latent, watch) => {
    const strengths = strengthsAt(hooks, model.sampling, sigma)
    const key = [...strengths, ...latent].join()
    if (last?.key === key) return last.network
    const network = laidOn(model, hooks, strengths).network(latent, watch)
    const mine = { key, network }
    last = mine
    // One that did not start, or was given up, must not stay in the way of the next try.
    network.catch(() => {
      if (last === mine) last = undefined
    })
    return network
  }
}

/** A model or text encoder with the hooks' LoRAs and checkpoints on it, each at its strength. */
const laidOn = <T extends { withAdapter(adapter: Adapter): T }>(
  model: T,
  hooks: Hooks,
  strengths: readonly number[],
): T =>
  hooks.reduce((changed, { file, whole }, i) => {
    const strength = strengths[i]!
    return strength === 0
      ? changed
      : changed.withAdapter({ file, strength, ...(whole && { whole }) })
  }, model)

export interface EncoderOptions {
  /** Prompts that it reads carry the hooks, for the model. */
  carry: boolean
  /** Prompts are read anew for each stretch of the run in which the hooks differ. */
  schedule: boolean
}

/** A text encoder with the hooks laid on it. */
export function encoderWith(
  clip: TextEncoderModel,
  hooks: Hooks,
  { carry, schedule }: EncoderOptions,
): TextEncoderModel {
  const stretches = schedule
    ? textStretches(hooks)
    : [{ start: 0, end: 1, strengths: hooks.map(({ clip: strength }) => strength) }]
  const encoders = stretches.map(({ strengths, ...range }) => ({
    ...range,
    clip: laidOn(clip, hooks, strengths),
  }))
  return carry || encoders.length > 1 ? hooked(encoders, carry ? hooks : []) : encoders[0]!.clip
}

/** The stretches of a run, in shares, and how strong each hook is on the text encoder there. */
function textStretches(hooks: Hooks): { start: number; end: number; strengths: number[] }[] {
  const starts = hooks.flatMap(({ clip, keyframes = [] }) =>
    clip === 0 ? [] : keyframes.map(({ start }) => start).filter(start => start > 0 && start < 1),
  )
  const cuts = [...new Set([0, ...starts])].sort((a, b) => a - b)
  const strengthsFrom = (cut: number) =>
    hooks.map(({ clip, keyframes = [] }) => {
      const begun = keyframes.filter(({ start }) => start <= cut)
      return clip * (begun.at(-1)?.multiplier ?? 1)
    })
  const all = cuts.map((start, i) => ({
    start,
    end: cuts[i + 1] ?? 1,
    strengths: strengthsFrom(start),
  }))
  const merged = all.slice(0, 1)
  for (const next of all.slice(1)) {
    const before = merged.at(-1)!
    if (before.strengths.join() === next.strengths.join()) before.end = next.end
    else merged.push(next)
  }
  return merged
}

/** A text encoder for a stretch of the run. */
interface Stretch {
  start: number
  end: number
  clip: TextEncoderModel
}

/** Several encoders as one, which hands hooks on with what it reads. */
function hooked(stretches: readonly Stretch[], hooks: Hooks): TextEncoderModel {
  const { clip } = stretches[0]!
  const carried = hooks.length > 0 ? { hooks } : {}
  const like = (change: (clip: TextEncoderModel) => TextEncoderModel) =>
    hooked(
      stretches.map(stretch => ({ ...stretch, clip: change(stretch.clip) })),
      hooks,
    )
  const own: Partial<TextEncoderModel> = {
    encode: async text => ({ ...(await clip.encode(text)), ...carried }),
    withAdapter: adapter => like(clip => clip.withAdapter(adapter)),
    withFactors: clip.withFactors && (factors => like(clip => clip.withFactors!(factors))),
    withFilling: clip.withFilling && (filling => like(clip => clip.withFilling!(filling))),
    withStopAtLayer: layer => like(clip => clip.withStopAtLayer(layer)),
    withWeights: clip.withWeights && (weights => like(clip => clip.withWeights!(weights))),
    encodeSeeing:
      clip.encodeSeeing &&
      (async (text, pictures) => ({ ...(await clip.encodeSeeing!(text, pictures)), ...carried })),
  }
  if (stretches.length > 1)
    own.encodeInTime = async text => {
      const items: ConditioningItem[] = []
      for (const { clip, start, end } of stretches)
        items.push({ ...(await clip.encode(text)), ...carried, textRange: { start, end } })
      return items
    }
  return Object.assign(Object.create(clip) as TextEncoderModel, own)
}
