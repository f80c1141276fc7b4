import { defineNode, int, socket, text } from '../define.ts'
import { readPrompt } from '../text-ready.ts'

const pixels = { min: 0, max: 16384 }
const size = { ...pixels, default: 1024 }
const crop = { ...pixels, default: 0 }

export const clipTextEncodeSdxl = defineNode({
  type: 'CLIPTextEncodeSDXL',
  title: 'CLIPTextEncodeSDXL',
  category: 'advanced/conditioning',
  about:
    'A prompt for SDXL with all it was trained on: the size of the photograph, the part that was ' +
    'cut out of it, and a text for each of its two encoders.',
  inputs: {
    clip: socket('CLIP', 'The text encoders of an SDXL checkpoint.'),
    width: int({ ...size, about: 'How large the photograph is said to have been, in pixels.' }),
    height: int(size),
    crop_w: int({
      ...crop,
      about: 'Where the picture was cut out of it: 0, 0 keeps subjects whole.',
    }),
    crop_h: int(crop),
    target_width: int({ ...size, about: 'How large the picture is said to be, in pixels.' }),
    target_height: int(size),
    text_g: text({ multiline: true, dynamicPrompts: true, about: 'For the large encoder.' }),
    text_l: text({ multiline: true, dynamicPrompts: true, about: 'For the small encoder.' }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  async run(inputs, context) {
    const { clip, width, height, crop_w, crop_h, target_width, target_height, text_g, text_l } =
      inputs
    const sizes = {
      width,
      height,
      cropW: crop_w,
      cropH: crop_h,
      targetWidth: target_width,
      targetHeight: target_height,
    }
    const text = { g: text_g, l: text_l }
    return { CONDITIONING: await readPrompt(clip, text, context, { sizes }) }
  },
})
