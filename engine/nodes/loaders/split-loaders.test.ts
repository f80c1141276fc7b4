import { expect, test } from 'vitest'
import type { TextEncoderModel } from '../../models/kinds.ts'
import { stubModel } from '../../sampling/fixtures/stub-model.ts'
import { tensor } from '../../tensor.ts'
import { clipTextEncodeSdxl } from '../conditioning/clip-text-encode-sdxl.ts'
import { clipTextEncodeSdxlRefiner } from '../conditioning/clip-text-encode-sdxl-refiner.ts'
import type { RunContext } from '../define.ts'
import type { Models } from '../models.ts'
import { clipLoader } from './clip-loader.ts'
import { dualClipLoader } from './dual-clip-loader.ts'
import { unetLoader } from './unet-loader.ts'

const encoder: TextEncoderModel = {
  stopAtLayer: undefined,
  withStopAtLayer: () => encoder,
  withAdapter: () => encoder,
  encode: async text => ({
    cond: tensor([1, 1, 1], Float32Array.of(typeof text === 'string' ? 1 : text.g!.length)),
  }),
}

test('Load Diffusion Model', async () => {
  const model = stubModel()
  const models: Partial<Models> = { diffusionModel: async name => (name === 'a' ? model : never()) }
  const inputs = { unet_name: 'a', weight_dtype: 'default' } as const
  const { MODEL } = await unetLoader.run(inputs, { models } as RunContext)
  expect(MODEL).toBe(model)
})

test('Load CLIP, one file and two', async () => {
  const asked: [readonly string[], string][] = []
  const models: Partial<Models> = {
    textEncoder: async (names, type) => {
      asked.push([names, type])
      return encoder
    },
  }
  const context = { models } as RunContext
  await clipLoader.run({ clip_name: 'l', type: 'stable_diffusion', device: undefined }, context)
  const two = { clip_name1: 'l', clip_name2: 'g', type: 'sdxl', device: 'cpu' } as const
  const { CLIP } = await dualClipLoader.run(two, context)
  expect(CLIP).toBe(encoder)
  expect(asked).toEqual([
    [['l'], 'stable_diffusion'],
    [['l', 'g'], 'sdxl'],
  ])
})

test("SDXL's prompts carry sizes and score", async () => {
  const context = {} as RunContext
  const base = await clipTextEncodeSdxl.run(
    {
      ...{ clip: encoder, width: 1, height: 2, crop_w: 3, crop_h: 4 },
      ...{ target_width: 5, target_height: 6, text_g: 'four', text_l: '' },
    },
    context,
  )
  const sizes = { width: 1, height: 2, cropW: 3, cropH: 4, targetWidth: 5, targetHeight: 6 }
  expect(base.CONDITIONING).toEqual([{ cond: tensor([1, 1, 1], Float32Array.of(4)), sizes }])
  const refiner = await clipTextEncodeSdxlRefiner.run(
    { ascore: 2.5, width: 1, height: 2, text: 'x', clip: encoder },
    context,
  )
  expect(refiner.CONDITIONING[0]).toMatchObject({
    sizes: { width: 1, height: 2 },
    aestheticScore: 2.5,
  })
})

function never(): never {
  throw new Error('Another file was asked for')
}
