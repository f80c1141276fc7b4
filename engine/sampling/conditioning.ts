// What the conditioning nodes do to prompts that are already encoded. Nothing is changed in place.
import type { Conditioning, ConditioningItem, Control } from '../models/kinds.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { Hooks } from './hooks.ts'

const firstOf = (conditioning: Conditioning): ConditioningItem => {
  const [first] = conditioning
  if (!first) throw new Error('The conditioning is empty. Connect the output of an encoded prompt.')
  return first
}

/** Appends the first text of `from` to every text of `to`, as further tokens. */
export const concatTokens = (to: Conditioning, from: Conditioning): ConditioningItem[] =>
  to.map(item => ({ ...item, cond: joinTokens(item.cond, firstOf(from).cond) }))

/** [B,n,width] and [B,m,width] → [B,n+m,width] */
function joinTokens(a: Tensor, b: Tensor): Tensor {
  const [batch, n, width] = a.shape as [number, number, number]
  const [otherBatch, m, otherWidth] = b.shape as [number, number, number]
  if (width !== otherWidth || batch !== otherBatch)
    throw new Error(
      `Texts of width ${width} and ${otherWidth} do not fit together: encode both with the same CLIP.`,
    )
  const out = tensor([batch, n + m, width])
  for (let i = 0; i < batch; i++) {
    out.data.set(a.data.subarray(i * n * width, (i + 1) * n * width), i * (n + m) * width)
    out.data.set(b.data.subarray(i * m * width, (i + 1) * m * width), (i * (n + m) + n) * width)
  }
  return out
}

/** `to · strength + from · (1 − strength)`; a shorter `from` counts as followed by zeros. */
export function averageConditioning(
  to: Conditioning,
  from: Conditioning,
  strength: number,
): ConditioningItem[] {
  const { cond: fromCond, pooled: fromPooled } = firstOf(from)
  return to.map(item => {
    const pooledTo = item.pooled ?? fromPooled
    const pooled = fromPooled && pooledTo ? blend(pooledTo, fromPooled, strength) : item.pooled
    return { ...item, cond: blend(item.cond, fromCond, strength), pooled }
  })
}

function blend(to: Tensor, from: Tensor, strength: number): Tensor {
  if (to.shape.at(-1) !== from.shape.at(-1))
    throw new Error(
      `Texts of width ${to.shape.at(-1)} and ${from.shape.at(-1)} cannot be mixed: encode both with the same CLIP.`,
    )
  return tensor(
    to.shape,
    to.data.map((value, i) => value * strength + (from.data[i] ?? 0) * (1 - strength)),
  )
}

export const zeroOut = (conditioning: Conditioning): ConditioningItem[] =>
  conditioning.map(item => ({
    ...item,
    cond: tensor(item.cond.shape),
    pooled: item.pooled && tensor(item.pooled.shape),
  }))

/**
 * Lays a ControlNet on conditionings, over those that each has. Prompts that had the same one before
 * share the new one too, so that both sides still run through it together.
 */
export function withControl(
  control: Omit<Control, 'previous'>,
): (conditioning: Conditioning) => ConditioningItem[] {
  const laid = new Map<Control | undefined, Control>()
  const over = (previous: Control | undefined): Control => {
    const known = laid.get(previous) ?? { ...control, previous }
    laid.set(previous, known)
    return known
  }
  return conditioning =>
    conditioning.map(item => ({ ...item, control: over(item.control), controlBoth: false }))
}

/** Puts a picture's tokens [B,n,width] behind every text: stronger themselves, or looked at more. */
export function withStyle(
  conditioning: Conditioning,
  { shape, data }: Tensor,
  strength: number,
  by: 'multiply' | 'attn_bias',
): ConditioningItem[] {
  const [pictures, each, width] = shape as [number, number, number]
  const scaled = by === 'multiply' ? data.map(value => value * strength) : data
  const tokens = tensor([1, pictures * each, width], scaled)
  const weighed = by === 'attn_bias' && strength !== 1
  return conditioning.map(item => {
    const weight = {
      start: item.cond.shape[1]!,
      length: pictures * each,
      factor: strength,
    }
    return {
      ...item,
      cond: joinTokens(item.cond, tokens),
      ...(weighed && { tokenWeights: [...(item.tokenWeights ?? []), weight] }),
    }
  })
}

/** Prompts that act where the others leave room, with LoRAs of their own. */
export const asFallback = (conditioning: Conditioning, hooks?: Hooks): ConditioningItem[] =>
  conditioning.map(item => ({
    ...item,
    fallback: true,
    ...(hooks && { hooks: [...(item.hooks ?? []), ...hooks] }),
  }))
