// CONDITIONING made ready for one run: areas in latent pixels, masks at latent size, ranges as
// sigmas, the network's extra vector.
import { resizeMask, roundHalfEven } from '../image/resize.ts'
import type {
  Conditioning,
  ConditioningItem,
  DiffusionModel,
  ModelSampling,
} from '../models/kinds.ts'
import { type Tensor, tensor } from '../tensor.ts'

/** In latent pixels. */
export interface Area {
  x: number
  y: number
  width: number
  height: number
}

export interface Condition {
  /** [1 or B, tokens, width] */
  context: Tensor
  /** [1 or B, A] */
  y?: Tensor
  area?: Area
  /** [1 or B, h, w] of the whole latent. */
  mask?: Tensor
  maskStrength: number
  strength: number
  /** Applies while start ≥ σ ≥ end. */
  startSigma: number
  endSigma: number
}

/** Smaller areas cannot be denoised sensibly. */
const areaMin = 8

/** Both sides of a guided run. `shape` is the latent's, [B,C,h,w]. */
export function prepareConditions(
  model: DiffusionModel,
  positive: Conditioning,
  negative: Conditioning,
  shape: readonly number[],
): { positive: Condition[]; negative: Condition[] } {
  const [height, width] = shape.slice(-2) as [number, number]
  const prepare = (item: ConditioningItem) => prepareOne(model, item, width, height)
  const sides = { positive: positive.map(prepare), negative: negative.map(prepare) }
  for (const one of [...sides.positive]) coverArea(sides.negative, one)
  for (const one of [...sides.negative]) coverArea(sides.positive, one)
  return sides
}

function prepareOne(
  model: DiffusionModel,
  item: ConditioningItem,
  width: number,
  height: number,
): Condition {
  const { downscale } = model.latent
  const mask = item.mask && resizeMask(asBatch(item.mask), width, height)
  const size = { width: width * downscale, height: height * downscale }
  return {
    context: item.cond,
    y: model.admVector(item, size),
    area: areaOf(item, mask, width, height),
    mask,
    maskStrength: item.maskStrength ?? 1,
    strength: item.strength ?? 1,
    ...rangeOf(item, model.sampling),
  }
}

const asBatch = (mask: Tensor): Tensor =>
  mask.shape.length === 2 ? tensor([1, ...mask.shape], mask.data) : mask

function rangeOf({ start, end }: ConditioningItem, sampling: ModelSampling) {
  return {
    startSigma: start === undefined ? Number.POSITIVE_INFINITY : sampling.percentToSigma(start),
    endSigma: end === undefined ? 0 : sampling.percentToSigma(end),
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
  others.push({ ...one, area, context: closest.context, y: closest.y })
}
