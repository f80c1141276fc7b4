import { expect, test } from 'vitest'
import { tensor } from '../../tensor.ts'
import { type RunContext, type Shown, ui } from '../define.ts'
import { imageCompare } from './image-compare.ts'

test('Compare Images shows the pictures that are there', async () => {
  let written = 0
  const files = {
    write: async (folder: string) => ({
      filename: `${++written}.png`,
      subfolder: '',
      type: folder,
    }),
  }
  const parts = { files, prompt: {}, pngInfo: {}, signal: new AbortController().signal }
  const context = { ...parts, progress: () => {} } as unknown as RunContext
  const image = tensor([1, 2, 2, 3])
  const show = async (inputs: object): Promise<Shown> =>
    (await imageCompare.run(inputs as never, context))[ui]!
  const both = await show({ image_a: image, image_b: image })
  expect(both.a_images).toMatchObject([{ filename: '1.png', type: 'temp' }])
  expect(both.b_images).toMatchObject([{ filename: '2.png', type: 'temp' }])
  expect(both.images).toHaveLength(2)
  expect(await show({ image_b: image })).toMatchObject({ a_images: [], images: [{}] })
})
