import { defineNode, float, int, socket, text } from '../define.ts'
import { readPrompt } from '../text-ready.ts'

const size = { default: 1024, min: 0, max: 16384 }

export const clipTextEncodeSdxlRefiner = defineNode({
  type: 'CLIPTextEncodeSDXLRefiner',
  title: 'CLIPTextEncodeSDXLRefiner',
  category: 'advanced/conditioning',
  about: 'A prompt for the SDXL refiner, with the size of the picture and how pretty it is.',
  inputs: {
    ascore: float({
      default: 6,
      min: 0,
      max: 1000,
      step: 0.01,
      about: 'Aesthetic score: about 6 for what to draw, 2.5 for what to avoid.',
    }),
    width: int({ ...size, about: 'How large the picture is said to be, in pixels.' }),
    height: int(size),
    text: text({ multiline: true, dynamicPrompts: true }),
    clip: socket('CLIP', 'The text encoder of the refiner.'),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  async run({ ascore, width, height, text, clip }, context) {
    const more = { sizes: { width, height }, aestheticScore: ascore }
    return { CONDITIONING: await readPrompt(clip, text, context, more) }
  },
})
