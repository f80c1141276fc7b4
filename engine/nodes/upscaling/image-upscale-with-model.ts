import { defineNode, socket } from '../define.ts'

export const imageUpscaleWithModel = defineNode({
  type: 'ImageUpscaleWithModel',
  title: 'Upscale Image (using Model)',
  category: 'image/upscaling',
  about: 'Enlarges pictures by the factor of an upscale model, tile by tile.',
  aliases: ['esrgan', 'super resolution', 'enlarge'],
  inputs: { upscale_model: socket('UPSCALE_MODEL'), image: socket('IMAGE') },
  outputs: { IMAGE: 'IMAGE' },
  run: async ({ upscale_model, image }, { signal, progress }) => ({
    IMAGE: await upscale_model.upscale(image, { signal, progress }),
  }),
})
