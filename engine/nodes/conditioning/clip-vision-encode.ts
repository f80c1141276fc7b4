import { choice, defineNode, socket } from '../define.ts'

export const clipVisionEncode = defineNode({
  type: 'CLIPVisionEncode',
  title: 'CLIP Vision Encode',
  category: 'conditioning',
  about: 'Says what a picture shows, in the numbers that other nodes take as a prompt.',
  inputs: {
    clip_vision: socket('CLIP_VISION'),
    image: socket('IMAGE'),
    crop: choice(['center', 'none'], { about: 'Cut to a square, or squeeze into one.' }),
  },
  outputs: { CLIP_VISION_OUTPUT: 'CLIP_VISION_OUTPUT' },
  run: async ({ clip_vision, image, crop }) => ({
    CLIP_VISION_OUTPUT: await clip_vision.encode(image, crop),
  }),
})
