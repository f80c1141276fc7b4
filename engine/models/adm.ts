// The vector that a `label_emb` adds to the time embedding: pooled text, and for SDXL what is said
// of the picture's size. https://arxiv.org/abs/2307.01952, section 2.2
import { type Tensor, tensor } from '../tensor.ts'
import type { ConditioningItem } from './kinds.ts'

const pooledWidth = 1280
const numberWidth = 256
const baseNumbers = 6
const refinerNumbers = 5
const sdxlWidth = (numbers: number) => pooledWidth + numbers * numberWidth

/** What the refiner takes for pretty and for ugly where no node says it. */
const scores = { positive: 6, negative: 2.5 }

/** `width` is the network's; `size` the picture's in pixels. [1,width], or nothing for width 0. */
export function admVector(
  width: number,
  item: ConditioningItem,
  size: { width: number; height: number },
  side: 'positive' | 'negative' = 'positive',
): Tensor | undefined {
  if (width === sdxlWidth(baseNumbers)) return sdxlVector(item, baseSizes(item, size))
  if (width === sdxlWidth(refinerNumbers))
    return sdxlVector(item, [
      ...baseSizes(item, size).slice(0, 4),
      item.aestheticScore ?? scores[side],
    ])
  return pooledVector(width, item)
}

/** Height before width, as the networks were trained. */
function baseSizes(
  { sizes = {} }: ConditioningItem,
  size: { width: number; height: number },
): number[] {
  const { width = size.width, height = size.height, cropW = 0, cropH = 0 } = sizes
  const { targetWidth = width, targetHeight = height } = sizes
  return [height, width, cropH, cropW, targetHeight, targetWidth]
}

/** Pooled text, then each number as 128 cosines and 128 sines. */
function sdxlVector({ pooled }: ConditioningItem, numbers: readonly number[]): Tensor {
  const out = tensor([pooled?.shape[0] ?? 1, sdxlWidth(numbers.length)])
  const tail = numbers.flatMap(number => waves(number))
  const width = out.shape[1]!
  for (let row = 0; row < out.shape[0]!; row++) {
    const text = pooled?.data.subarray(row * pooledWidth, (row + 1) * pooledWidth)
    if (text) out.data.set(text, row * width)
    out.data.set(tail, row * width + pooledWidth)
  }
  return out
}

const f32 = Math.fround
const logPeriod = f32(-Math.log(1e4))

/** In float32 as PyTorch does it: angles reach thousands, and all digits of theirs count. */
export function waves(value: number, width = numberWidth): number[] {
  const half = width / 2
  const angles = Array.from({ length: half }, (_, i) =>
    f32(value * f32(Math.exp(f32(f32(logPeriod * i) / half)))),
  )
  return [...angles.map(Math.cos), ...angles.map(Math.sin)]
}

/**
 * The starter model is trained on the pooled text itself. Conditioning without one (zeroed, or from
 * a node that makes none) gives zeros, as the network saw for no text at all.
 */
function pooledVector(width: number, { pooled }: ConditioningItem): Tensor | undefined {
  if (width === 0) return undefined
  return pooled?.shape[1] === width ? pooled : tensor([1, width])
}
