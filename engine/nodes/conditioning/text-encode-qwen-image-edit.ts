import { withChannels } from '../../image/batch.ts'
import { resizeImage } from '../../image/resize.ts'
import { withPixels } from '../../image/resize-to.ts'
import { imageShape } from '../../image/shape.ts'
import { pictureSign } from '../../models/qwen-text.ts'
import { defineNode, optional, socket, text } from '../define.ts'
import { seeingEncoder } from '../seeing-encoder.ts'
import { readPrompt } from '../text-ready.ts'

/** What the model was trained to edit, in units of 1024 × 1024 pixels. */
const megapixels = 1

export const textEncodeQwenImageEdit = defineNode({
  type: 'TextEncodeQwenImageEdit',
  title: 'TextEncodeQwenImageEdit',
  category: 'advanced/conditioning',
  about: 'Says how Qwen-Image-Edit is to change a picture. Its text encoder sees the picture.',
  aliases: ['edit', 'instruct', 'prompt'],
  inputs: {
    clip: socket('CLIP', 'Qwen2.5-VL, loaded as "qwen_image".'),
    prompt: text({ multiline: true, dynamicPrompts: true, about: 'What is to become of it.' }),
    vae: optional(socket('VAE', 'With it the picture is also shown to the model that draws.')),
    image: optional(socket('IMAGE', 'The picture to change.')),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  async run({ clip, prompt, vae, image }, context) {
    if (!image) return { CONDITIONING: await readPrompt(clip, prompt, context) }
    const { width, height } = withPixels(imageShape(image), megapixels)
    const picture = withChannels(resizeImage(image, width, height, 'area'), 3)
    const said = await seeingEncoder(clip)(pictureSign + prompt, [picture])
    if (!vae) return { CONDITIONING: [said] }
    const referenceLatents = [await vae.encode(picture, { signal: context.signal })]
    return { CONDITIONING: [{ ...said, referenceLatents }] }
  },
})
