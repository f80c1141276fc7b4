// GUIDER: which prompts the network is asked about at each step, and how the answers become one x0.
import type { Conditioning, DiffusionModel } from '../models/kinds.ts'
import type { Prompt } from './conditions.ts'
import type { Guided } from './guidance.ts'
import type { Guesses, GuidanceSteps, Moment } from './model-patches.ts'

export interface GuiderMoment extends Moment {
  /** x0 of the guider's own prompts, by place: in one forward where they fit. */
  askOwn(...places: number[]): Promise<Float32Array[]>
}

/** One look: `both` asks the unconditional side even where it has no say (CFG++). */
export type Look = (moment: GuiderMoment, both: boolean) => Promise<Guided>

export interface Guider {
  readonly model: DiffusionModel
  readonly prompts: readonly Prompt[]
  /** Called as a run begins. */
  begin(): Look
}

const begun = ({ patches }: DiffusionModel): GuidanceSteps[] =>
  (patches?.guidance ?? []).map(patch => patch())

const withoutSay = (cfg: number): boolean => Math.abs(cfg - 1) < 1e-9

/** Classifier-free guidance: away from the negative. https://arxiv.org/abs/2207.12598 */
export function cfgGuider(
  model: DiffusionModel,
  positive: Conditioning,
  negative: Conditioning,
  cfg: number,
): Guider {
  return {
    model,
    prompts: [
      { role: 'positive', conditioning: positive },
      { role: 'negative', conditioning: negative },
    ],
    begin: () => {
      const steps = begun(model)
      const always = !withoutSay(cfg) || steps.some(({ needsNegative }) => needsNegative)
      return async (moment, both) => {
        const [cond, uncond] = await moment.askOwn(...(both || always ? [0, 1] : [0]))
        let guesses: Guesses = { cond: cond!, uncond }
        for (const { before } of steps) if (before) guesses = await before(guesses, moment, cfg)
        const denoised = await combined(steps, guesses, moment, cfg)
        return { denoised, uncond: guesses.uncond ?? guesses.cond }
      }
    },
  }
}

/** The positive prompt alone. */
export const basicGuider = (model: DiffusionModel, conditioning: Conditioning): Guider =>
  cfgGuider(model, conditioning, [], 1)

async function combined(
  steps: readonly GuidanceSteps[],
  { cond, uncond }: Guesses,
  moment: Moment,
  cfg: number,
): Promise<Float32Array> {
  const guesses = { cond, uncond: uncond ?? cond }
  const own = steps.findLast(({ combine }) => combine)
  const denoised = own
    ? await own.combine!(guesses, moment, cfg)
    : uncond
      ? away(cond, uncond, cfg)
      : cond
  return finished(steps, denoised, guesses, moment, cfg)
}

async function finished(
  steps: readonly GuidanceSteps[],
  denoised: Float32Array,
  guesses: Required<Guesses>,
  moment: Moment,
  cfg: number,
): Promise<Float32Array> {
  for (const { after } of steps) if (after) denoised = await after(denoised, guesses, moment, cfg)
  return denoised
}

const away = (from: Float32Array, negative: Float32Array, by: number): Float32Array =>
  from.map((value, i) => negative[i]! + (value - negative[i]!) * by)

export interface DualCfg {
  /** Between the first and the second prompt. */
  first: number
  /** Between the second prompt and the negative. */
  second: number
  nested: boolean
}

/**
 * Two prompts with strengths of their own, as instruct-pix2pix has them.
 * https://arxiv.org/abs/2211.09800, section 3.2.1
 */
export function dualCfgGuider(
  model: DiffusionModel,
  [first, second, negative]: readonly [Conditioning, Conditioning, Conditioning],
  cfg: DualCfg,
): Guider {
  return {
    model,
    prompts: [
      { role: 'positive', conditioning: first },
      { role: 'positive', conditioning: second },
      { role: 'negative', conditioning: negative },
    ],
    begin: () => {
      const steps = begun(model)
      return async moment => {
        const [one, two, none] = await moment.askOwn(0, 1, 2)
        if (cfg.nested) {
          const text = await combined(steps, { cond: one!, uncond: two! }, moment, cfg.first)
          return { denoised: away(text, none!, cfg.second), uncond: none! }
        }
        const base = await combined(steps, { cond: two!, uncond: none! }, moment, cfg.second)
        const denoised = base.map((value, i) => value + (one![i]! - two![i]!) * cfg.first)
        return { denoised, uncond: none! }
      }
    },
  }
}

/** Only what of the negative is at right angles to the positive is taken away. */
export function perpNegGuider(
  model: DiffusionModel,
  [positive, negative, empty]: readonly [Conditioning, Conditioning, Conditioning],
  cfg: number,
  negativeScale: number,
): Guider {
  return {
    model,
    prompts: [
      { role: 'positive', conditioning: positive },
      { role: 'negative', conditioning: negative },
      { role: 'negative', conditioning: empty },
    ],
    begin: () => {
      const steps = begun(model)
      return async moment => {
        const [cond, uncond, nothing] = await moment.askOwn(0, 1, 2)
        const guesses = { cond: cond!, uncond: uncond! }
        const denoised = perpNeg(guesses, nothing!, cfg, negativeScale)
        return {
          denoised: await finished(steps, denoised, guesses, moment, cfg),
          uncond: uncond!,
        }
      }
    },
  }
}

/** https://arxiv.org/abs/2304.04968, equation 9; directions are taken from the empty prompt. */
export function perpNeg(
  { cond, uncond }: Required<Guesses>,
  empty: Float32Array,
  cfg: number,
  negativeScale: number,
): Float32Array {
  let [product, square] = [0, 0]
  for (let i = 0; i < cond.length; i++) {
    const towards = cond[i]! - empty[i]!
    product += (uncond[i]! - empty[i]!) * towards
    square += towards * towards
  }
  const along = square > 0 ? product / square : 0
  return cond.map((value, i) => {
    const towards = value - empty[i]!
    const perpendicular = uncond[i]! - empty[i]! - along * towards
    return empty[i]! + cfg * (towards - negativeScale * perpendicular)
  })
}
