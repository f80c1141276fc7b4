import { maskToImage } from '../../image/mask.ts'
import { showImages } from '../../image/save.ts'
import { defineNode, socket, ui } from '../define.ts'

export const maskPreview = defineNode({
  type: 'MaskPreview',
  title: 'MaskPreview',
  category: 'mask',
  about: 'Shows a mask without keeping it.',
  inputs: { mask: socket('MASK') },
  outputs: { mask: 'MASK' },
  hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputNode: true,
  async run({ mask }, context) {
    return { mask, [ui]: await showImages(maskToImage(mask), context) }
  },
})
