import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openWeights } from '../inference/open-weights.ts'
import { SessionPool } from '../inference/session-pool.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { expectClose } from './fixtures/expect-close.ts'
import { golden, missing, randomModel, reason, repository } from './fixtures/goldens.ts'
import { TiledUpscaler } from './upscaler.ts'

const pool = new SessionPool({ budgetBytes: 1e9 })
const upscaler = (file: string) => new TiledUpscaler(openWeights(file), pool)
const tolerance = 5e-5

describe.skipIf(missing)(`upscale goldens${reason}`, () => {
  test.each([
    'esrgan_x4_old',
    'esrgan_x2_old',
    'realesrgan_x2_unshuffle',
    'compact_x4',
    'compact_x2',
  ])('%s', async name => {
    const g = golden('more/upscale.safetensors')
    const model = upscaler(randomModel(`more/keys/up_${name}.json`))
    expectClose(await model.upscale(g('image_40x32')), g(name), tolerance)
  })

  test('a folded network takes odd sizes', async () => {
    const g = golden('more/upscale.safetensors')
    const model = upscaler(randomModel('more/keys/up_realesrgan_x2_unshuffle.json'))
    const odd = crop(g('image_40x32'), 37, 29)
    expectClose(await model.upscale(odd), g('realesrgan_x2_unshuffle.odd37x29'), tolerance)
  })

  test('.pth files, in a zip and in the old form, hold the same weights as their originals', async () => {
    const g = golden('more/upscale.safetensors')
    const fixtures = resolve(import.meta.dirname, '../inference/fixtures')
    for (const [file, name] of [
      ['compact_x4_params.pth', 'compact_x4'],
      ['compact_x2_legacy.pth', 'compact_x2'],
    ] as const)
      expectClose(
        await upscaler(join(fixtures, file)).upscale(g('image_40x32')),
        g(name),
        tolerance,
      )
    const rrdb = resolve(repository, '../shared/goldens/more/models/esrgan_x2_params_ema.pth')
    expectClose(await upscaler(rrdb).upscale(g('image_40x32')), g('esrgan_x2_old'), tolerance)
  })
})

describe('tiles', () => {
  const file = resolve(import.meta.dirname, '../inference/fixtures/compact_x2_legacy.pth')

  test('a picture wider than a tile: seams are blended, the rest is as if it were whole', async () => {
    const wide = tensor([1, 16, 520, 3])
    for (let i = 0; i < wide.data.length; i++) wide.data[i] = (Math.sin(i / 50) + 1) / 2
    const seen: number[] = []
    const model = upscaler(file)
    const out = await model.upscale(wide, { progress: done => seen.push(done) })
    expect(out.shape).toEqual([1, 32, 1040, 3])
    expect(seen).toEqual([1, 2])
    // Far from the second tile's edge nothing knows of it.
    const part = await model.upscale(crop(wide, 16, 400))
    expectClose(crop(out, 32, 760), crop(part, 32, 760), 1e-6)
  })

  test('an abort is heard between tiles', async () => {
    const abort = new AbortController()
    const run = upscaler(file).upscale(tensor([1, 16, 1200, 3]), {
      signal: abort.signal,
      progress: () => abort.abort(),
    })
    await expect(run).rejects.toThrow(/abort/i)
  })

  test('a file that is no upscaler is refused by name', () => {
    const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-upscaler-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const starter = resolve(repository, 'resources/models/checkpoints/starter.safetensors')
    copyFileSync(starter, join(folder, 'not-an-upscaler.safetensors'))
    expect(() => upscaler(join(folder, 'not-an-upscaler.safetensors'))).toThrow(
      /not-an-upscaler\.safetensors is no upscale model/,
    )
  })
})

/** Top left of a picture. */
function crop(image: Tensor, height: number, width: number): Tensor {
  const [, , fullWidth] = image.shape as [number, number, number]
  const out = tensor([1, height, width, 3])
  for (let row = 0; row < height; row++)
    out.data.set(
      image.data.subarray(row * fullWidth * 3, (row * fullWidth + width) * 3),
      row * width * 3,
    )
  return out
}
