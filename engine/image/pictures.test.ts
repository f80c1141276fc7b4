// What the goldens do not cover: own nodes, several pictures at once, edges, refusals.
import { describe, expect, test } from 'vitest'
import type { NodeType, RunContext } from '../nodes/define.ts'
import { nodeTypes } from '../nodes/index.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { medianCut, nearestEntry } from './palette.ts'
import { encodePng } from './png.ts'
import { encodePreview } from './preview.ts'
import { thumbnail } from './thumbnail.ts'

const run = async (type: string, inputs: object): Promise<Record<string, Tensor>> => {
  const node = nodeTypes.get(type) as NodeType
  return (await node.run(inputs as never, {} as RunContext)) as Record<string, Tensor>
}
const ramp = (shape: number[]) => {
  const out = tensor(shape)
  for (let i = 0; i < out.data.length; i++) out.data[i] = (i % 97) / 96
  return out
}

describe('ImageAdjust', () => {
  const neutral = { brightness: 1, contrast: 1, saturation: 1, warmth: 0 }
  const pixel = (r: number, g: number, b: number) => tensor([1, 1, 1, 3], Float32Array.of(r, g, b))
  const adjusted = async (image: Tensor, change: object) => [
    ...(await run('ImageAdjust', { image, ...neutral, ...change })).IMAGE!.data,
  ]

  test('changes nothing at its defaults, alpha included', async () => {
    const image = ramp([2, 3, 4, 4])
    const out = await adjusted(image, {})
    for (const [i, value] of out.entries()) expect(value).toBeCloseTo(image.data[i]!, 6)
  })

  test('does what its sliders say', async () => {
    expect((await adjusted(pixel(0.2, 0.2, 0.2), { brightness: 2 }))[0]).toBeCloseTo(0.4, 5)
    expect((await adjusted(pixel(0.7, 0.5, 0.3), { contrast: 0 }))[2]).toBeCloseTo(0.5, 5)
    const [r, g, b] = await adjusted(pixel(0.9, 0.1, 0.4), { saturation: 0 })
    expect(r).toBeCloseTo(g!, 6)
    expect(g).toBeCloseTo(b!, 6)
    const [warm, , cool] = await adjusted(pixel(0.5, 0.5, 0.5), { warmth: 1 })
    expect(warm! - cool!).toBeCloseTo(0.2, 5)
    expect(await adjusted(pixel(1, 1, 1), { brightness: 3 })).toEqual([1, 1, 1])
  })
})

describe('batches', () => {
  test('are regrouped over all lists', async () => {
    const images = [ramp([3, 2, 2, 3]), ramp([1, 2, 2, 3])]
    const { IMAGE } = await run('RebatchImages', { images, batch_size: [2] })
    const out = IMAGE as unknown as Tensor[]
    expect(out.map(({ shape }) => shape[0])).toEqual([2, 2])
    expect(out[1]!.data.subarray(0, 12)).toEqual(images[0]!.data.subarray(24))
    expect(out[1]!.data.subarray(12)).toEqual(images[1]!.data)
  })

  test('pictures of another size begin a group of their own', async () => {
    const images = [ramp([1, 2, 2, 3]), ramp([2, 4, 2, 3])]
    const { IMAGE } = await run('RebatchImages', { images, batch_size: [4] })
    expect((IMAGE as unknown as Tensor[]).map(({ shape }) => shape)).toEqual([
      [1, 2, 2, 3],
      [2, 4, 2, 3],
    ])
  })

  test('a picture with alpha and one without meet', async () => {
    const inputs = { image1: ramp([1, 4, 4, 4]), image2: ramp([2, 8, 8, 3]) }
    const { IMAGE } = await run('ImageBatch', inputs)
    expect(IMAGE!.shape).toEqual([3, 4, 4, 4])
    expect(IMAGE!.data.at(-1)).toBe(1)
  })

  test('stitching repeats the last picture of the shorter one', async () => {
    const options = {
      direction: 'right',
      match_image_size: true,
      spacing_width: 3,
      spacing_color: 'blue',
    }
    const pictures = { image1: ramp([3, 4, 4, 3]), image2: ramp([1, 4, 4, 3]) }
    const { IMAGE } = await run('ImageStitch', { ...pictures, ...options })
    // An odd gap of 3 becomes 4.
    expect(IMAGE!.shape).toEqual([3, 4, 12, 3])
    expect([...IMAGE!.data.subarray(12, 15)]).toEqual([0, 0, 1])
  })
})

describe('colour', () => {
  test('YUV and back is the same picture', async () => {
    const image = ramp([1, 5, 7, 3])
    const { IMAGE } = await run('ImageYUVToRGB', await run('ImageRGBToYUV', { image }))
    for (const [i, value] of IMAGE!.data.entries())
      expect(Math.abs(value - image.data[i]!)).toBeLessThan(0.01)
  })

  test('noise is torch’s, the same for the same seed, and clipped', async () => {
    const image = tensor([1, 8, 8, 3], new Float32Array(192).fill(0.5))
    const noisy = async (seed: bigint, strength: number) =>
      (await run('ImageAddNoise', { image, seed, strength })).IMAGE!.data
    expect(await noisy(42n, 0)).toEqual(image.data)
    const grain = await noisy(42n, 0.1)
    expect(await noisy(42n, 0.1)).toEqual(grain)
    expect(await noisy(43n, 0.1)).not.toEqual(grain)
    // torch.manual_seed(42); torch.randn(16)[0] = 1.9269
    expect(grain[0]).toBeCloseTo(0.5 + 0.1 * 1.9269, 4)
    for (const value of await noisy(1n, 1)) expect(value >= 0 && value <= 1).toBe(true)
  })

  test('a palette has no more colours than asked for, and exactly those of a simple picture', () => {
    const four = Uint8Array.of(0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0)
    const entries = (palette: Uint8Array) =>
      Array.from({ length: palette.length / 3 }, (_, i) =>
        palette.subarray(i * 3, i * 3 + 3).join(),
      )
    expect(entries(medianCut(four, 256)).sort()).toEqual(['0,0,0', '0,0,255', '0,255,0', '255,0,0'])
    expect(entries(medianCut(four, 2))).toHaveLength(2)
    expect(entries(medianCut(four, 1))).toHaveLength(1)
    expect(nearestEntry(Uint8Array.of(0, 0, 0, 250, 250, 250))(200, 190, 220)).toBe(1)
  })

  test('more than 65,536 colours are counted on a coarser grid', () => {
    const many = Uint8Array.from({ length: 3 * 70_000 }, (_, i) => {
      const n = Math.floor(i / 3)
      return [n & 255, (n >> 8) & 255, (n * 7) & 255][i % 3]!
    })
    expect(medianCut(many, 16)).toHaveLength(48)
  })
})

describe('refusals in words', () => {
  test.for([
    ['ImageToMask', { image: ramp([1, 2, 2, 3]), channel: 'alpha' }, /no alpha channel/],
    ['CropMask', { mask: ramp([1, 4, 4]), x: 9, y: 0, width: 2, height: 2 }, /outside the mask/],
    ['EmptyImage', { width: 16384, height: 16384, batch_size: 4096, color: 0 }, /would take .* GB/],
    ['RepeatImageBatch', { image: ramp([1, 512, 512, 3]), amount: 4096 }, /would take .* GB/],
  ] as const)('%s', async ([type, inputs, message]) => {
    await expect(run(type, inputs)).rejects.toThrow(message)
  })
})

describe('small versions', () => {
  test('a preview fits and is a JPEG', async () => {
    const preview = await encodePreview(new Uint8Array(800 * 400 * 3), 800, 400, 200)
    expect(preview.mime).toBe('image/jpeg')
    expect([...preview.bytes.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff])
    const { width, height } = await thumbnail(preview.bytes, 1000)
    expect([width, height]).toEqual([200, 100])
  })

  test('a thumbnail fits into its square, a damaged picture has none', async () => {
    const png = await encodePng({
      data: new Uint8Array(300 * 3),
      width: 300,
      height: 1,
      channels: 3,
    })
    expect(await thumbnail(png, 100)).toMatchObject({ mime: 'image/webp', width: 100, height: 1 })
    await expect(thumbnail(png.subarray(0, 40), 100)).rejects.toThrow()
  })
})
