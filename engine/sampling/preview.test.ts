import sharp from 'sharp'
import { expect, test } from 'vitest'
import { sd1Latent } from '../models/latent-formats.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { decodedPreview } from './preview.ts'

test('a decoder gets the first latent, unscaled and no larger than 32 along a side', async () => {
  const [width, height] = [64, 48]
  const asked: Tensor[] = []
  const decode = async (samples: Tensor) => {
    asked.push(samples)
    const [, , h, w] = samples.shape as [number, number, number, number]
    return tensor([1, h * 8, w * 8, 3], new Float32Array(h * w * 64 * 3).fill(0.5))
  }
  const batch = new Float32Array(2 * 4 * width * height).fill(sd1Latent.scale)
  batch.fill(9, batch.length / 2)
  const { bytes, mime } = await decodedPreview(sd1Latent, decode, batch, width, height)
  expect(asked[0]!.shape).toEqual([1, 4, 24, 32])
  expect(asked[0]!.data.every(value => Math.abs(value - 1) < 1e-6)).toBe(true)
  const picture = await sharp(bytes).metadata()
  expect([mime, picture.width, picture.height]).toEqual(['image/jpeg', 256, 192])
})
