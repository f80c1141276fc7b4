// Latents joined, cut and regrouped.
import { concatBatches, sliceBatch } from '../image/batch.ts'
import type { Latent } from '../models/kinds.ts'
import { sizeOf, type Tensor, tensor } from '../tensor.ts'
import { batchIndexOf, maskBatch, matchLatent, repeatBatch } from './latents.ts'

/** Counted from the end: video latents are [B,C,t,h,w]. In those of pictures `t` is the channels. */
const axes = { x: 1, y: 2, t: 3 } as const
export type LatentAxis = keyof typeof axes

const axisOf = ({ shape }: Tensor, axis: LatentAxis): number => {
  if (shape.length < 4)
    throw new Error(`A latent has at least 4 dimensions, this one has ${shape.length}.`)
  return shape.length - axes[axis]
}

/** `-x` puts the second first. */
export function concatLatents(
  first: Tensor,
  second: Tensor,
  direction: LatentAxis | `-${LatentAxis}`,
): Tensor {
  const axis = axisOf(first, direction.replace('-', '') as LatentAxis)
  const repeated = repeatBatch(second, first.shape[0]!)
  const fits =
    repeated.shape.length === first.shape.length &&
    repeated.shape.every((side, i) => i === axis || side === first.shape[i])
  if (!fits)
    throw new Error(
      `Latents of [${first.shape.join(', ')}] and [${second.shape.join(', ')}] do not fit together ` +
        `along ${direction}: all other sides must be equal.`,
    )
  const parts = direction.startsWith('-') ? [repeated, first] : [first, repeated]
  const out = tensor(first.shape.map((side, i) => (i === axis ? side + repeated.shape[i]! : side)))
  let at = 0
  for (let row = 0; row < sizeOf(first.shape.slice(0, axis)); row++)
    for (const { shape, data } of parts) {
      const size = sizeOf(shape.slice(axis))
      out.data.set(data.subarray(row * size, (row + 1) * size), at)
      at += size
    }
  return out
}

/** `amount` from `index` on, as far as there is; an index below 0 counts from the end. */
export function cutLatent(
  latent: Tensor,
  direction: LatentAxis,
  index: number,
  amount: number,
): Tensor {
  const axis = axisOf(latent, direction)
  const { shape, data } = latent
  const length = shape[axis]!
  const from = index >= 0 ? Math.min(index, length - 1) : length + Math.max(index, -length)
  const count = Math.min(amount, length - from)
  const out = tensor(shape.map((side, i) => (i === axis ? count : side)))
  const inner = sizeOf(shape.slice(axis + 1))
  for (let row = 0; row < sizeOf(shape.slice(0, axis)); row++) {
    const start = (row * length + from) * inner
    out.data.set(data.subarray(start, start + count * inner), row * count * inner)
  }
  return out
}

/** Batches of `size`; latents of another size begin a new batch. Each keeps its mask and its noise. */
export function rebatched(latents: readonly Latent[], size: number): Latent[] {
  const singles = latents.flatMap((latent, i) => {
    const before = latents.slice(0, i).reduce((n, { samples }) => n + samples.shape[0]!, 0)
    return singlesOf(latent, before)
  })
  const groups: Latent[][] = []
  for (const single of singles) {
    const last = groups.at(-1)
    const fits = last && last.length < size && sameSize(last[0]!.samples, single.samples)
    if (fits) last.push(single)
    else groups.push([single])
  }
  return groups.map(joined)
}

const sameSize = (a: Tensor, b: Tensor): boolean =>
  a.shape.slice(1).join() === b.shape.slice(1).join()

/** One latent for each of a batch; `before` have been numbered already. */
function singlesOf(latent: Latent, before: number): Latent[] {
  const count = latent.samples.shape[0]!
  const mask = latent.noiseMask && repeatBatch(maskBatch(latent.noiseMask), count)
  const numbers = latent.batchIndex ?? batchIndexOf(latent).map(i => i + before)
  return Array.from({ length: count }, (_, i) => ({
    samples: sliceBatch(latent.samples, i, 1),
    noiseMask: mask && sliceBatch(mask, i, 1),
    batchIndex: [numbers[i]!],
  }))
}

function joined(singles: readonly Latent[]): Latent {
  const masked = singles.find(({ noiseMask }) => noiseMask)?.noiseMask
  const white = () => {
    const mask = tensor(masked!.shape)
    mask.data.fill(1)
    return mask
  }
  return {
    samples: concatBatches(singles.map(({ samples }) => samples)),
    batchIndex: singles.flatMap(({ batchIndex }) => batchIndex!),
    ...(masked && { noiseMask: concatBatches(singles.map(s => s.noiseMask ?? white())) }),
  }
}

/** Two latents as one batch; the second takes the size of the first. */
export function joinLatents(first: Latent, second: Latent): Latent {
  const like = repeatBatch(first.samples, second.samples.shape[0]!)
  return {
    ...first,
    samples: concatBatches([first.samples, matchLatent(like, second.samples)]),
    batchIndex: [...batchIndexOf(first), ...batchIndexOf(second)],
  }
}

/** Stretches of `size` along an axis as a batch; what is left over at the end is dropped. */
export function cutToBatch(latent: Tensor, direction: LatentAxis, size: number): Tensor {
  const pieces = Math.floor(latent.shape[axisOf(latent, direction)]! / size)
  if (pieces === 0)
    throw new Error(`The latent is shorter than ${size} along ${direction}. Choose a smaller size.`)
  return concatBatches(
    Array.from({ length: pieces }, (_, i) => cutLatent(latent, direction, i * size, size)),
  )
}
