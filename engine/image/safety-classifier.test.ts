import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RunContext } from '../nodes/define.ts'
import { safetyCheck } from '../nodes/image/safety-check.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { decodeFile } from './decode.ts'
import { classifySafety, exposure, safetyKinds, seenPixels } from './safety-classifier.ts'

const resources = join(import.meta.dirname, '../../resources')
const context = {
  signal: new AbortController().signal,
  progress: () => {},
  models: { path: (folder: string, name: string) => join(resources, 'models', folder, name) },
} as unknown as RunContext
const model = context.models.path('onnx', 'nsfw_mobilenet_v2.onnx')

/** [1,h,w,3] of waves, grey, and a ramp: what the reference has numbers for. */
function picture(kind: 'waves' | 'grey' | 'ramp', width = 224, height = 224): Tensor {
  const out = tensor([1, height, width, 3])
  const values = (x: number, y: number): number[] => {
    if (kind === 'grey') return [0.5, 0.5, 0.5]
    if (kind === 'ramp') return Array(3).fill(x / (width - 1))
    return [Math.sin(x / 17), Math.cos(y / 23), Math.sin((x + y) / 31)].map(v => (v + 1) / 2)
  }
  for (let i = 0; i < width * height; i++)
    out.data.set(values(i % width, Math.floor(i / width)), i * 3)
  return out
}

const sharesOf = async (image: Tensor): Promise<number[]> => {
  const [shares] = await classifySafety(image, model, context)
  return safetyKinds.map(kind => shares![kind])
}

function expectClose(got: readonly number[], wanted: readonly number[], within: number): void {
  for (const [i, value] of wanted.entries())
    expect(Math.abs(got[i]! - value), safetyKinds[i]).toBeLessThan(within)
}

// nsfwjs' own weights and list of layers (npm nsfwjs 4.4.0), computed with PyTorch 2.15 from the list;
// other sizes made with its `interpolate` as nsfwjs asks TensorFlow.js to: bilinear, corners aligned.
test.each([
  ['waves', 224, 224, [0.072, 0.01366, 0.90567, 0.0077, 0.00097], [0.700114, 0.32173, 0.988201]],
  ['grey', 224, 224, [0.83755, 0.0236, 0.12879, 0.00853, 0.00153], [0.5, 0.5, 0.5]],
  ['ramp', 224, 224, [0.67702, 0.02869, 0.24659, 0.04243, 0.00528], [0.03139, 0.896861, 0.995516]],
  ['waves', 301, 137, [0.04308, 0.00516, 0.94405, 0.00693, 0.00078], [0.762911, 0.05884, 0.996579]],
  ['ramp', 900, 16, [0.67702, 0.02869, 0.24659, 0.04243, 0.00528], [0.03139, 0.896861, 0.995516]],
  ['grey', 1, 1, [0.83755, 0.0236, 0.12879, 0.00853, 0.00153], [0.5, 0.5, 0.5]],
] as const)('%s, %d × %d: as nsfwjs says', async (kind, width, height, wanted, pixels) => {
  const image = picture(kind, width, height)
  expectClose(await sharesOf(image), wanted, 1e-3)
  const seen = seenPixels(image)
  const at = (c: number, y: number, x: number) => seen[(y * 224 + x) * 3 + c]
  expect(at(0, 3, 7)).toBeCloseTo(pixels[0], 5)
  expect(at(1, 100, 200)).toBeCloseTo(pixels[1], 5)
  expect(at(2, 223, 222)).toBeCloseTo(pixels[2], 5)
})

test('a photo from a file: as nsfwjs says', async () => {
  const { image } = await decodeFile(join(resources, 'workflows/input/astronaut.jpg'))
  expectClose(await sharesOf(image), [0.03883, 0.00442, 0.95477, 0.00163, 0.00036], 1e-3)
})

test('every picture that comes with the app passes', async () => {
  const root = join(resources, '..')
  const files = ['resources', 'docs'].flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter(({ name }) => /\.(png|jpe?g|webp)$/.test(name))
      .map(({ parentPath, name }) => join(parentPath, name)),
  )
  expect(files.length).toBeGreaterThan(5)
  for (const file of files) {
    const [shares] = await classifySafety((await decodeFile(file)).image, model, context)
    expect(exposure(shares!), file).toBeLessThan(0.25)
  }
})

describe('pictures of other kinds', () => {
  const channels = (image: Tensor, count: number, value: (pixel: number, c: number) => number) => {
    const [, height, width] = image.shape as [number, number, number]
    const out = tensor([1, height, width, count])
    for (let i = 0; i < out.data.length; i++) out.data[i] = value(Math.floor(i / count), i % count)
    return out
  }

  test('grey ones are seen as grey', async () => {
    const ramp = picture('ramp')
    const grey = channels(ramp, 1, pixel => ramp.data[pixel * 3]!)
    expect(await sharesOf(grey)).toEqual(await sharesOf(ramp))
  })

  test('transparent ones are seen as stored and over white, and the worse counts', async () => {
    const waves = picture('waves')
    const under = (alpha: (pixel: number) => number) =>
      channels(waves, 4, (pixel, c) => (c === 3 ? alpha(pixel) : waves.data[pixel * 3 + c]!))
    const white = channels(waves, 3, () => 1)
    const half = channels(waves, 3, (pixel, c) =>
      pixel % 224 < 112 ? 1 : waves.data[pixel * 3 + c]!,
    )
    const worse = async (...images: Tensor[]) => {
      const all = (
        await Promise.all(images.map(image => classifySafety(image, model, context)))
      ).flat()
      return all.reduce((most, own) => (exposure(own) > exposure(most) ? own : most))
    }
    const [opaque] = await classifySafety(
      under(() => 1),
      model,
      context,
    )
    expect(opaque).toEqual(await worse(waves))
    const [clear] = await classifySafety(
      under(() => 0),
      model,
      context,
    )
    expect(clear).toEqual(await worse(waves, white))
    const [mixed] = await classifySafety(
      under(pixel => (pixel % 224 < 112 ? 0 : 1)),
      model,
      context,
    )
    expect(mixed).toEqual(await worse(waves, half))
  })

  test('values that no file holds hide nothing from it', async () => {
    const ramp = picture('ramp')
    const spoiled = tensor(ramp.shape, ramp.data.slice())
    spoiled.data[100] = Number.NaN
    spoiled.data[200] = -7
    spoiled.data[300] = Number.POSITIVE_INFINITY
    const saved = tensor(ramp.shape, ramp.data.slice())
    saved.data.set([0], 100)
    saved.data.set([0], 200)
    saved.data.set([1], 300)
    expect(await sharesOf(spoiled)).toEqual(await sharesOf(saved))
    const { found } = await safetyCheck.run(
      { image: spoiled, threshold: 0, action: 'blur' },
      context,
    )
    expect(found).toBe(true)
  })

  test('of a batch each is looked at alone; very long and very small ones are hidden as others', async () => {
    const batch = tensor([2, 224, 224, 3])
    batch.data.set(picture('waves').data)
    batch.data.set(picture('ramp').data, batch.data.length / 2)
    const shares = await classifySafety(batch, model, context)
    expect(safetyKinds.map(kind => shares[1]![kind])).toEqual(await sharesOf(picture('ramp')))
    // Between the two: only the second is hidden.
    const threshold = (exposure(shares[0]!) + exposure(shares[1]!)) / 2
    expect(exposure(shares[1]!)).toBeGreaterThan(exposure(shares[0]!))
    const some = await safetyCheck.run({ image: batch, threshold, action: 'black' }, context)
    const half = batch.data.length / 2
    expect(some.IMAGE.data.subarray(0, half)).toEqual(batch.data.subarray(0, half))
    expect(some.IMAGE.data.subarray(half).every(v => v === 0)).toBe(true)
    for (const [width, height] of [
      [1, 1],
      [8192, 16],
    ] as const)
      for (const action of ['blur', 'black'] as const) {
        const image = picture('grey', width, height)
        const hidden = await safetyCheck.run({ image, threshold: 0, action }, context)
        expect(hidden.IMAGE.shape).toEqual(image.shape)
        expect(hidden.IMAGE.data.every(Number.isFinite)).toBe(true)
      }
  })

  test('black is opaque', async () => {
    const image = channels(picture('grey', 9, 9), 4, () => 0.5)
    const { IMAGE } = await safetyCheck.run({ image, threshold: 0, action: 'black' }, context)
    expect([...IMAGE.data.subarray(0, 8)]).toEqual([0, 0, 0, 1, 0, 0, 0, 1])
  })
})

test('a portrait passes unchanged; at threshold 0 everything is hidden', async () => {
  const { image } = await decodeFile(join(resources, 'workflows/input/astronaut.jpg'))
  const passed = await safetyCheck.run({ image, threshold: 0.5, action: 'blur' }, context)
  expect(passed.found).toBe(false)
  expect(passed.IMAGE).toBe(image)
  expect(passed.scores).toMatch(/^drawing \d+ %, hentai \d+ %, neutral \d+ %, porn/)
  const blurred = await safetyCheck.run({ image, threshold: 0, action: 'blur' }, context)
  expect(blurred.found).toBe(true)
  expect(steepest(blurred.IMAGE)).toBeLessThan(steepest(image) / 10)
  const black = await safetyCheck.run({ image, threshold: 0, action: 'black' }, context)
  expect(black.IMAGE.data.every(v => v === 0)).toBe(true)
  expect(image.data.some(v => v > 0)).toBe(true)
})

test('what counts', () => {
  const shares = { drawing: 0.2, hentai: 0.1, neutral: 0.1, porn: 0.4, sexy: 0.2 }
  expect(exposure(shares)).toBeCloseTo(0.6)
})

/** The largest step between neighbours of a row. */
function steepest({ data, shape }: Tensor): number {
  const channels = shape[3]!
  let most = 0
  for (let i = channels; i < data.length; i++)
    if (Math.floor(i / channels) % shape[2]! !== 0)
      most = Math.max(most, Math.abs(data[i]! - data[i - channels]!))
  return most
}
