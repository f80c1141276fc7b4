// CONDITIONING made ready for one run: areas in latent pixels, masks at latent size, ranges as
// sigmas, the network's extra vector.
import { resizeMask, roundHalfEven } from '../image/resize.ts'
import type {
  Conditioning,
  ConditioningItem,
  Control,
  DiffusionModel,
  Gligen,
  ModelSampling,
  NoisedLatent,
} from '../models/kinds.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { type NetworkAt, networkWith } from './hooks.ts'
import { boundAt } from './model-sampling.ts'

/** In latent pixels. */
export interface Area {
  x: number
  y: number
  width: number
  height: number
}

export interface Condition {
  control?: Control
  /** What ControlNets read instead of `context`, of its shape. */
  controlText?: Tensor
  /** [1 or B, tokens, width] */
  context: Tensor
  /** [1 or B, A] */
  y?: Tensor
  /** [1 or B,c,h,w] of the whole latent: channels that join it on its way into the network. */
  joined?: Tensor
  /** Further inputs of the network by name, each [1 or B,…]. */
  extras?: Readonly<Record<string, Tensor>>
  gligen?: Gligen
  /** Its tokens must not be repeated to the length of another's. */
  wholeText?: boolean
  area?: Area
  /** [1 or B, h, w] of the whole latent. */
  mask?: Tensor
  maskStrength: number
  strength: number
  /** Acts only where no other prompt of its side does. */
  fallback?: boolean
  /** The network that it is asked of, where that is not the run's own. */
  network?: NetworkAt
  /** Applies while start ≥ σ ≥ end. */
  startSigma: number
  endSigma: number
}

/** Smaller areas cannot be denoised sensibly. */
const areaMin = 8

/** What is asked of the network, and on which side of the guidance. */
export interface Prompt {
  role: 'positive' | 'negative'
  conditioning: Conditioning
}

/**
 * Every prompt of a guided run. `shape` is the latent's, [B,C,h,w]; `latent` what the run starts
 * from.
 */
export function prepareConditions(
  model: DiffusionModel,
  prompts: readonly Prompt[],
  shape: readonly number[],
  latent: NoisedLatent = { samples: tensor(shape) },
): Condition[][] {
  const [height, width] = shape.slice(-2) as [number, number]
  const sides = prompts.map(({ role, conditioning }) =>
    conditioning.map(item => ({
      ...prepareOne(model, item, { width, height }, role, latent.seed),
      joined: model.joined?.(item, latent),
    })),
  )
  for (const side of sides)
    for (const other of sides)
      if (other !== side) for (const one of [...side]) coverArea(other, one)
  const [positive] = sides
  const negative = sides[prompts.findIndex(({ role }) => role === 'negative')]
  if (positive && negative) shareControl({ positive, negative }, prompts[0]!.conditioning)
  return sides
}

/** Controls that are meant for both sides go to the other where it has none of its own. */
function shareControl(
  { positive, negative }: { positive: Condition[]; negative: Condition[] },
  items: Conditioning,
): void {
  const whole = negative.filter(({ area }) => !area)
  const others = whole.filter(({ control }) => !control)
  if (others.length === 0 || others.length < whole.length) return
  items
    .map((item, i) => (item.controlBoth && !positive[i]!.area ? item.control : undefined))
    .filter(control => control !== undefined)
    .forEach((control, i) => {
      const other = others[i % others.length]!
      if (other.control) negative.push({ ...other, control })
      else other.control = control
    })
}

function prepareOne(
  model: DiffusionModel,
  item: ConditioningItem,
  { width, height }: Pick<Area, 'width' | 'height'>,
  side: Prompt['role'],
  seed: bigint | undefined,
): Condition {
  const { downscale } = model.latent
  const mask = item.mask && resizeMask(asBatch(item.mask), width, height)
  const size = { width: width * downscale, height: height * downscale }
  return {
    context: item.cond,
    control: item.control,
    controlText: item.controlText,
    y: model.admVector(item, size, side, seed),
    extras: model.extras?.(item, size),
    gligen: item.gligen?.model,
    wholeText: model.jointAttention,
    area: areaOf(item, mask, width, height),
    mask,
    maskStrength: item.maskStrength ?? 1,
    strength: item.strength ?? 1,
    fallback: item.fallback,
    network: item.hooks?.length ? networkWith(model, item.hooks) : undefined,
    ...rangeOf(item, model.sampling),
  }
}

const asBatch = (mask: Tensor): Tensor =>
  mask.shape.length === 2 ? tensor([1, ...mask.shape], mask.data) : mask

function rangeOf({ start, end, textRange }: ConditioningItem, sampling: ModelSampling) {
  const from = Math.max(start ?? 0, textRange?.start ?? 0)
  const to = Math.min(end ?? 1, textRange?.end ?? 1)
  const begins = start !== undefined || from > 0
  const ends = end !== undefined || to < 1
  return {
    startSigma: begins ? boundAt(sampling, from) : Number.POSITIVE_INFINITY,
    endSigma: ends ? boundAt(sampling, to) : 0,
  }
}

function areaOf(
  { area, setAreaToBounds }: ConditioningItem,
  mask: Tensor | undefined,
  width: number,
  height: number,
): Area | undefined {
  const wanted =
    mask && setAreaToBounds
      ? boundsOf(mask)
      : area?.unit === 'percent'
        ? {
            x: roundHalfEven(area.x * width),
            y: roundHalfEven(area.y * height),
            width: Math.max(1, roundHalfEven(area.width * width)),
            height: Math.max(1, roundHalfEven(area.height * height)),
          }
        : area
  if (!wanted) return
  const x = Math.min(wanted.x, width - 1)
  const y = Math.min(wanted.y, height - 1)
  return {
    x,
    y,
    width: Math.min(wanted.width, width - x),
    height: Math.min(wanted.height, height - y),
  }
}

/** The box around everything that is not 0 in any mask of the batch. */
function boundsOf({ shape, data }: Tensor): Area {
  const [, height, width] = shape as [number, number, number]
  let [left, top, right, bottom] = [width, height, -1, -1]
  data.forEach((value, i) => {
    if (value === 0) return
    const [x, y] = [i % width, Math.floor(i / width) % height]
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  })
  if (right < 0) return { x: 0, y: 0, width: areaMin, height: areaMin }
  return {
    x: left,
    y: top,
    width: Math.max(areaMin, right - left + 1),
    height: Math.max(areaMin, bottom - top + 1),
  }
}

const sameArea = (a: Area, b: Area): boolean =>
  a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height

const contains = (outer: Area, inner: Area): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height

/**
 * Guidance compares two answers for the same pixels, so an area on one side gets its like on the
 * other: the narrowest condition around it, evaluated on the same area.
 */
function coverArea(others: Condition[], { area, ...one }: Condition): void {
  if (!area) return
  const sizeOf = (c: Condition) =>
    c.area ? c.area.width * c.area.height : Number.POSITIVE_INFINITY
  const around = others.filter(other => !other.area || contains(other.area, area))
  const [first, ...rest] = around
  if (!first) return
  const closest = rest.reduce((best, other) => (sizeOf(other) < sizeOf(best) ? other : best), first)
  if (closest.area && sameArea(closest.area, area)) return
  const { context, controlText, y, extras, gligen, joined } = closest
  others.push({ ...one, area, context, controlText, y, extras, gligen, joined })
}
