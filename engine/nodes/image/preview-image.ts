import { showImages } from '../../image/save.ts'
import { defineNode, socket, ui } from '../define.ts'

export const previewImage = defineNode({
  type: 'PreviewImage',
  title: 'Preview Image',
  category: 'image',
  about: 'Shows pictures without keeping them.',
  aliases: ['show', 'view', 'look'],
  inputs: { images: socket('IMAGE') },
  outputs: { images: 'IMAGE' },
  hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputNode: true,
  async run({ images }, context) {
    return { images, [ui]: await showImages(images, context) }
  },
})
