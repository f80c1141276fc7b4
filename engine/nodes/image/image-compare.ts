import { showImages } from '../../image/save.ts'
import { defineNode, optional, socket, ui } from '../define.ts'

export const imageCompare = defineNode({
  type: 'ImageCompare',
  title: 'Compare Images',
  category: 'image',
  about: 'Shows two pictures side by side without keeping them.',
  aliases: ['before', 'after', 'difference', 'slider'],
  inputs: { image_a: optional(socket('IMAGE')), image_b: optional(socket('IMAGE')) },
  outputs: {},
  hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputNode: true,
  async run({ image_a, image_b }, context) {
    const shown = async (image: typeof image_a) =>
      image ? (await showImages(image, context)).images! : []
    const [a, b] = [await shown(image_a), await shown(image_b)]
    // ComfyUI's page reads the first two, ours shows all that is called `images`.
    return { [ui]: { a_images: a, b_images: b, images: [...a, ...b] } }
  },
})
