import { withChannels } from '../../image/batch.ts'
import { resizeImage } from '../../image/resize.ts'
import { withPixels } from '../../image/resize-to.ts'
import { imageShape } from '../../image/shape.ts'
import { pictureSign } from '../../models/qwen-text.ts'
import type { Tensor } from '../../tensor.ts'
import { defineNode, optional, socket, text } from '../define.ts'
import { seeingEncoder } from '../seeing-encoder.ts'

/**
 * The encoder looks at small pictures, the model that draws at large ones. In units of 1024 × 1024
 * pixels.
 */
const seenMegapixels = (384 / 1024) ** 2
const megapixels = 1
/** Image pixels per latent pixel. */
const multiple = 8

export const textEncodeQwenImageEditPlus = defineNode({
  type: 'TextEncodeQwenImageEditPlus',
  title: 'TextEncodeQwenImageEditPlus',
  category: 'advanced/conditioning',
  about: 'Says how Qwen-Image-Edit is to make one picture of up to three, by their numbers.',
  aliases: ['edit', 'instruct', 'prompt', 'combine'],
  inputs: {
    clip: socket('CLIP', 'Qwen2.5-VL, loaded as "qwen_image".'),
    prompt: text({
      multiline: true,
      dynamicPrompts: true,
      about: 'What is to become of them, such as "put the hat of picture 2 on picture 1".',
    }),
    vae: optional(socket('VAE', 'With it the pictures are also shown to the model that draws.')),
    image1: optional(socket('IMAGE')),
    image2: optional(socket('IMAGE')),
    image3: optional(socket('IMAGE')),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  async run({ clip, prompt, vae, image1, image2, image3 }, { signal }) {
    const seen: Tensor[] = []
    const referenceLatents: Tensor[] = []
    let before = ''
    for (const [i, image] of [image1, image2, image3].entries()) {
      if (!image) continue
      seen.push(sized(image, seenMegapixels))
      before += `Picture ${i + 1}: ${pictureSign}`
      if (!vae) continue
      const large = sized(image, megapixels, multiple)
      referenceLatents.push(await vae.encode(large, { signal }))
    }
    const said = await seeingEncoder(clip)(before + prompt, seen)
    if (referenceLatents.length === 0) return { CONDITIONING: [said] }
    return { CONDITIONING: [{ ...said, referenceLatents }] }
  },
})

function sized(image: Tensor, of: number, steps?: number): Tensor {
  const { width, height } = withPixels(imageShape(image), of, steps)
  return withChannels(resizeImage(image, width, height, 'area'), 3)
}
