// Where pictures meet that do not match, and sizes of few pixels: answers of torch, Pillow 13 and
// kornia 0.9 to what the goldens leave out.
import { describe, expect, test } from 'vitest'
import type { NodeType, RunContext } from '../nodes/define.ts'
import { nodeTypes } from '../nodes/index.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { resizeLanczos } from './lanczos.ts'

const run = async (type: string, inputs: object): Promise<Record<string, Tensor>> => {
  const node = nodeTypes.get(type) as NodeType
  return (await node.run(inputs as never, {} as RunContext)) as Record<string, Tensor>
}
const flat = (shape: number[], value: number) => {
  const out = tensor(shape)
  out.data.fill(value)
  return out
}

describe('Lanczos is Pillow’s', () => {
  test('down before across where many rows are lost', () => {
    const bytes = Uint8Array.of(185, 89, 178, 196, 100, 189, 207, 111, 200, 218, 122, 211)
    expect([...resizeLanczos(bytes, 6, 2, 1, 2, 3)]).toEqual([167, 159, 150, 164, 178, 191])
  })

  test('what is clear lends no colour', () => {
    const bytes = Uint8Array.of(255, 0, 0, 255, 0, 255, 0, 128, 0, 0, 255, 0, 90, 60, 30, 200)
    expect([...resizeLanczos(bytes, 1, 4, 4, 1, 2)]).toEqual([175, 87, 0, 164, 41, 109, 30, 93])
    expect(resizeLanczos(bytes, 1, 4, 4, 1, 4)).toEqual(bytes)
  })

  test('a crop leaves at least a pixel', async () => {
    const how = { width: 5, height: 31, crop: 'center', upscale_method: 'lanczos' }
    const { IMAGE } = await run('ImageScale', { image: flat([1, 5, 2, 3], 0.2), ...how })
    expect(IMAGE!.shape).toEqual([1, 31, 5, 3])
    expect(new Set(IMAGE!.data)).toEqual(new Set([Math.fround(51 / 255)]))
  })
})

describe('alpha', () => {
  const [opaque, clear] = [flat([1, 2, 2, 3], 0.25), flat([1, 2, 2, 4], 0.75)]

  test.for([
    ['ImageBlend', { image1: opaque, image2: clear, blend_factor: 1, blend_mode: 'normal' }],
    ['ImageCompositeMasked', { destination: opaque, source: clear, x: 0, y: 0 }],
  ] as const)('%s: the picture below says how many channels there are', async ([type, inputs]) => {
    const { IMAGE } = await run(type, inputs)
    expect(IMAGE!.shape).toEqual([1, 2, 2, 3])
    expect(new Set(IMAGE!.data)).toEqual(new Set([0.75]))
  })

  test('black room is clear', async () => {
    const size = { target_width: 4, target_height: 2, interpolation: 'bilinear' }
    const inputs = { image: clear, padding_color: 'black', ...size }
    const { IMAGE } = await run('ResizeAndPadImage', inputs)
    expect([...IMAGE!.data.subarray(0, 8)]).toEqual([0, 0, 0, 0, 0.75, 0.75, 0.75, 0.75])
  })

  test('room beside a shorter picture is black, whatever the colour of the gap', async () => {
    const gap = { direction: 'right', match_image_size: false, spacing_width: 2 }
    const pictures = { image1: flat([1, 3, 1, 3], 1), image2: flat([1, 1, 1, 3], 1) }
    const { IMAGE } = await run('ImageStitch', { ...pictures, ...gap, spacing_color: 'red' })
    expect([...IMAGE!.data.subarray(0, 12)]).toEqual([1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0])
  })
})

test('an even square dilates to one side and erodes to the other', async () => {
  const dot = tensor([1, 1, 9, 1])
  dot.data[4] = 1
  const hole = tensor(
    dot.shape,
    dot.data.map(x => 1 - x),
  )
  const changed = async (image: Tensor, operation: string) => [
    ...(await run('Morphology', { image, operation, kernel_size: 4 })).IMAGE!.data,
  ]
  expect(await changed(dot, 'dilate')).toEqual([0, 0, 1, 1, 1, 1, 0, 0, 0])
  expect(await changed(hole, 'erode')).toEqual([1, 1, 1, 0, 0, 0, 0, 1, 1])
  expect(await changed(dot, 'close')).toEqual([...dot.data])
})

test('a mask of exactly the threshold stays black', async () => {
  const { MASK } = await run('ThresholdMask', { mask: flat([1, 1, 2], 0.1), value: 0.1 })
  expect([...MASK!.data]).toEqual([0, 0])
})
