import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Latent } from '../../models/kinds.ts'
import { prepareInpaint } from '../../sampling/inpaint-pixels.ts'
import { encodeLatent, readLatent } from '../../sampling/latent-file.ts'
import { sizeOf, tensor } from '../../tensor.ts'
import type { RunContext } from '../define.ts'
import type { FileReference } from '../files.ts'
import { emptyLatentImage } from './empty-latent-image.ts'
import { latentBatch } from './latent-batch.ts'
import { latentBlend } from './latent-blend.ts'
import { latentComposite } from './latent-composite.ts'
import { latentCompositeMasked } from './latent-composite-masked.ts'
import { latentFromBatch } from './latent-from-batch.ts'
import { latentUpscale } from './latent-upscale.ts'
import { loadLatent } from './load-latent.ts'
import { repeatLatentBatch } from './repeat-latent-batch.ts'
import { saveLatent } from './save-latent.ts'
import { setLatentNoiseMask } from './set-latent-noise-mask.ts'

const context = {} as RunContext
const counted = (shape: number[]) =>
  tensor(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => i),
  )
const latentOf = async (answer: unknown) => ((await answer) as { LATENT: Latent }).LATENT

describe('two latents', () => {
  test('a single one is blended with every one of a batch', async () => {
    const [one, two] = [counted([1, 1, 1, 2]), counted([2, 1, 1, 2])]
    const inputs = { samples1: { samples: one }, samples2: { samples: two }, blend_factor: 0.5 }
    const { samples } = await latentOf(latentBlend.run(inputs, context))
    expect(samples.shape).toEqual([2, 1, 1, 2])
    expect([...samples.data]).toEqual([0, 1, 1, 2])
  })

  test('the upper one is stretched, not cut, to the size of the lower', async () => {
    const inputs = {
      destination: { samples: tensor([1, 1, 1, 2]) },
      source: { samples: counted([1, 1, 1, 4]) },
      ...{ x: 0, y: 0, resize_source: true, mask: undefined },
    }
    const { samples } = await latentOf(latentCompositeMasked.run(inputs, context))
    expect([...samples.data]).toEqual([0.5, 2.5])
  })

  test('a feather wider than the upper one begins again at its far border', async () => {
    const inputs = {
      samples_to: { samples: tensor([1, 1, 1, 4]) },
      samples_from: { samples: tensor([1, 1, 1, 2], Float32Array.of(1, 1)) },
      ...{ x: 0, y: 0, feather: 32 },
    }
    const { samples } = await latentOf(latentComposite.run(inputs, context))
    // 2/4 for the second column from the border, 1/4 for the first; the fourth step meets the former.
    expect([...samples.data]).toEqual([0.5, 0.25, 0, 0])
  })
})

test('the side that follows is worked out from one of at least 64 pixels', async () => {
  const how = { upscale_method: 'area', width: 8, height: 0, crop: 'disabled' } as const
  const inputs = { samples: { samples: counted([1, 1, 13, 8]) }, ...how }
  const { samples } = await latentOf(latentUpscale.run(inputs, context))
  expect(samples.shape).toEqual([1, 1, 13, 8])
})

describe('batches', () => {
  const three: Latent = { samples: counted([3, 1, 1, 2]) }

  test('an image taken out keeps its noise', async () => {
    const inputs = { samples: three, batch_index: 1, length: 5 }
    const taken = await latentOf(latentFromBatch.run(inputs, context))
    expect(taken).toMatchObject({ batchIndex: [1, 2], samples: { shape: [2, 1, 1, 2] } })
    expect([...taken.samples.data]).toEqual([2, 3, 4, 5])
  })

  test('copies of a numbered image count on', async () => {
    const samples = { samples: counted([2, 1, 1, 1]), batchIndex: [4, 6] }
    const copies = await latentOf(repeatLatentBatch.run({ samples, amount: 3 }, context))
    expect(copies.batchIndex).toEqual([4, 6, 7, 9, 10, 12])
    expect([...copies.samples.data]).toEqual([0, 1, 0, 1, 0, 1])
  })

  test('a mask per image follows its image', async () => {
    const noiseMask = counted([3, 1, 2])
    const samples = { ...three, noiseMask }
    const taken = await latentOf(
      latentFromBatch.run({ samples, batch_index: 2, length: 1 }, context),
    )
    expect([...taken.noiseMask!.data]).toEqual([4, 5])
  })

  test('joining numbers both', async () => {
    const joined = await latentOf(latentBatch.run({ samples1: three, samples2: three }, context))
    expect(joined.batchIndex).toEqual([0, 1, 2, 0, 1, 2])
    expect(joined.samples.shape).toEqual([6, 1, 1, 2])
  })
})

test('an empty latent has an eighth of the size', async () => {
  const inputs = { width: 520, height: 256, batch_size: 2 }
  const { samples } = await latentOf(emptyLatentImage.run(inputs, context))
  expect(samples.shape).toEqual([2, 4, 32, 65])
})

test('a side of 0 follows from the other', async () => {
  const samples = { samples: counted([1, 4, 10, 20]) }
  const inputs = { samples, upscale_method: 'bilinear', width: 0, height: 160, crop: 'disabled' }
  const out = await latentOf(latentUpscale.run(inputs as never, context))
  expect(out.samples.shape).toEqual([1, 4, 20, 40])
})

test('different families cannot be joined', async () => {
  const [samples1, samples2] = [4, 16].map(c => ({ samples: counted([1, c, 2, 2]) }))
  const run = async () => latentBatch.run({ samples1: samples1!, samples2: samples2! }, context)
  await expect(run()).rejects.toThrow(/4 channels, the other 16/)
})

test('a mask without a batch becomes one', async () => {
  const samples = { samples: counted([1, 4, 2, 2]) }
  const inputs = { samples, mask: counted([16, 16]) }
  const out = await latentOf(setLatentNoiseMask.run(inputs, context))
  expect(out.noiseMask!.shape).toEqual([1, 16, 16])
})

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'comfyrunner-latent-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'a.latent')
  const samples = counted([1, 4, 3, 5])

  test('a saved latent comes back as it was', async () => {
    const files = {
      write: async (_: string, prefix: string, extension: string, bytes: Uint8Array) => {
        writeFileSync(path, bytes)
        return {
          filename: `${prefix}.${extension}`,
          subfolder: '',
          type: 'output',
        } as FileReference
      },
      resolve: () => path,
    }
    const pngInfo = { workflow: { nodes: [] } }
    const saving = { ...context, files, pngInfo, prompt: { 1: { class_type: 'X', inputs: {} } } }
    await saveLatent.run({ samples: { samples }, filename_prefix: 'a' }, saving as never)
    const loaded = await latentOf(loadLatent.run({ latent: 'a.latent' }, saving as never))
    expect(loaded.samples).toEqual(samples)
    const text = (await import('node:fs')).readFileSync(path, 'latin1')
    expect(text).toContain('class_type')
    expect(text).toContain('workflow')
  })

  test('a file of the first version is scaled', () => {
    const bytes = Buffer.from(encodeLatent(samples, {}))
    // Same length, other name: the mark is gone.
    const old = bytes
      .toString('latin1')
      .replace('latent_format_version_0', 'latent_format_version_x')
    writeFileSync(path, Buffer.from(old, 'latin1'))
    expect(readLatent(path).data[1]).toBeCloseTo(1 / 0.18215, 4)
  })

  test('another file is refused by name', () => {
    writeFileSync(path, 'not a latent at all')
    expect(() => readLatent(path)).toThrow(/a\.latent/)
  })
})

describe('pictures for inpainting', () => {
  const image = tensor([1, 17, 19, 3], new Float32Array(17 * 19 * 3).fill(1))
  const mask = tensor([1, 17, 19])
  mask.data[8 * 19 + 9] = 1

  test('are cut to eights, grey under the mask, and masked wider', () => {
    const { pixels, noiseMask } = prepareInpaint(image, mask, 3)
    expect(pixels.shape).toEqual([1, 16, 16, 3])
    const grey = [...pixels.data].flatMap((v, i) => (v === 0.5 ? [i] : []))
    // 19 wide loses one column on the left.
    const at = (8 * 16 + 8) * 3
    expect(grey).toEqual([at, at + 1, at + 2])
    expect(noiseMask.data.reduce((sum, v) => sum + v, 0)).toBe(9)
  })

  test('keep the mask as it is when it is not to grow', () => {
    expect(prepareInpaint(image, mask, 0).noiseMask.data.reduce((sum, v) => sum + v, 0)).toBe(1)
  })
})
