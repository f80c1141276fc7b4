// The tiny autoencoders and tiles against ComfyUI 0.3.64.
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { readBytes, weight } from '../inference/weights.ts'
import type { Tensor } from '../tensor.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { goldenStore, tinySd15 } from './fixtures/golden-store.ts'
import { golden, goldens, missing, reason, rnd } from './fixtures/goldens.ts'
import { taesdNames } from './taesd-names.ts'

describe.skipIf(missing)(`autoencoders${reason}`, () => {
  const halves = (name: string, from: string) =>
    ['encoder', 'decoder'].map(half => [
      `vae_approx/${name}_${half}.safetensors`,
      `more/keys/${from}_${half}.json`,
    ])
  const held = goldenStore({
    ...tinySd15,
    ...Object.fromEntries([
      ...halves('taesd', 'taesd'),
      // The goldens' taesdxl has the weights of taesd.
      ...halves('taesdxl', 'taesd'),
      ...halves('taef1', 'taef1'),
    ]),
  })

  test.each(['taesd', 'taesdxl', 'taef1'])('%s decodes and encodes', async name => {
    expect(taesdNames(held.store.list('vae_approx'))).toContain(name)
    const g = golden('more/taesd.safetensors')
    const vae = await held.store.vae(name)
    const [decoded, encoded] = [await vae.decode(g(`${name}.latent`)), await vae.encode(g('image'))]
    expectClose(decoded, g(`${name}.decoded`), 5e-5)
    expectClose(encoded, g(`${name}.encoded`), 5e-5)
  })

  const everything = process.env.PARITY === 'all'
  test.runIf(everything)('tiles are blended three ways', { timeout: 300_000 }, async () => {
    const file = openSafetensors(resolve(goldens, 'vae_tiled.safetensors'))
    const want = readBytes(weight(file, 'decoded_tile16_overlap4_u8'))
    const { vae } = await held.store.checkpoint('tiny.safetensors')
    const tiles = { size: 128, overlap: 32 }
    const got = await vae!.decode(golden('vae_tiled.safetensors')('latent'), { tiles })
    let apart = 0
    let other = 0
    got.data.forEach((value, i) => {
      // The golden was taken to 0..1 twice.
      const d = Math.abs(Math.floor(((value + 1) / 2) * 255) - want[i]!)
      apart = Math.max(apart, d)
      if (d > 0) other++
    })
    expect(apart).toBeLessThanOrEqual(1)
    expect(other / want.length).toBeLessThan(1e-3)
  })

  test('in tiles a picture is encoded and decoded nearly as at once', async () => {
    const vae = await held.store.vae('taesd')
    const counts: number[] = []
    const watch = { progress: (done: number, of: number) => counts.push(of - done) }
    // Narrow tiles of 64 cannot overlap by 64: less is taken.
    const tiles = { size: 128, overlap: 64 }
    const image = rnd('tiles', [1, 160, 136, 3])
    const latent = await vae.encode(image)
    const tiled = await vae.encode(image, { tiles, ...watch })
    expect(meanDifference(tiled, latent)).toBeLessThan(0.06)
    expect(counts.at(-1)).toBe(0)
    expect(counts.length).toBeGreaterThan(12)
    const decoded = await vae.decode(latent, { tiles })
    expect(meanDifference(decoded, await vae.decode(latent))).toBeLessThan(0.06)
  })
})

/** Random weights leave seams at the edges of tiles, so the mean counts. */
function meanDifference(got: Tensor, want: Tensor): number {
  expect(got.shape).toEqual(want.shape)
  let [sum, largest] = [0, 0]
  got.data.forEach((value, i) => {
    sum += Math.abs(value - want.data[i]!)
    largest = Math.max(largest, Math.abs(want.data[i]!))
  })
  return sum / got.data.length / largest
}
