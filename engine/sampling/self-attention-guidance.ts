// Self-attention guidance: away from what the network makes of a picture that was blurred where it
// looks most. https://arxiv.org/abs/2210.00939, algorithm 1
import { gaussianBlur } from '../image/blur.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { GuidancePatch } from './model-patches.ts'

/** Places that get more than an equal share of all looks are blurred. */
const threshold = 1
const kernelRadius = 4

/** Needs a model whose patches watch attention. Does nothing for latents too small to blur. */
export const selfAttentionGuidance =
  (scale: number, blurSigma: number): GuidancePatch =>
  () => ({
    needsNegative: true,
    async after(denoised, { uncond }, { x, negative }) {
      const attention = negative.attention()
      const [height, width] = x.shape.slice(-2) as [number, number]
      if (!attention || Math.min(height, width) <= kernelRadius) return denoised
      const guess = tensor(x.shape, uncond)
      const mask = lookedAt(attention, height, width)
      if (!mask) return denoised
      const degraded = blurredWhere(mask, guess, blurSigma)
      const noisy = degraded.map((value, i) => value + x.data[i]! - uncond[i]!)
      const again = await negative.ask(tensor(x.shape, noisy))
      return denoised.map((value, i) => value + (degraded[i]! - again[i]!) * scale)
    },
  })

/** Attention of the middle block [B,T] as a mask [B,height,width] of zeros and ones. */
function lookedAt(attention: Tensor, height: number, width: number): Tensor | undefined {
  const [batch, tokens] = attention.shape as [number, number]
  const times = Math.ceil(Math.sqrt((height * width) / tokens))
  const halved = 2 ** Math.ceil(Math.log2(times))
  const [rows, columns] = [Math.ceil(height / halved), Math.ceil(width / halved)]
  // Of an area that is only a part of the picture.
  if (rows * columns !== tokens) return undefined
  const out = tensor([batch, height, width])
  for (let i = 0; i < out.data.length; i++) {
    const [column, line] = [i % width, Math.floor(i / width)]
    const row = Math.floor(((line % height) * rows) / height)
    const place = row * columns + Math.floor((column * columns) / width)
    const got = attention.data[Math.floor(line / height) * tokens + place]!
    out.data[i] = got > threshold ? 1 : 0
  }
  return out
}

/** [B,C,H,W], blurred where the mask [B,H,W] is 1. */
function blurredWhere(mask: Tensor, x: Tensor, sigma: number): Float32Array {
  if (sigma === 0) return x.data
  const [batch, channels, height, width] = x.shape as [number, number, number, number]
  const planes = tensor([batch * channels, height, width, 1], x.data)
  const blurred = gaussianBlur(planes, kernelRadius, sigma / kernelRadius)
  const size = height * width
  return x.data.map((value, i) => {
    const image = Math.floor(i / size / channels)
    return mask.data[image * size + (i % size)] ? blurred.data[i]! : value
  })
}
