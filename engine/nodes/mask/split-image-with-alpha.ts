import { withChannels } from '../../image/batch.ts'
import { channelOf, invert } from '../../image/mask.ts'
import { imageShape, newMask } from '../../image/shape.ts'
import { defineNode, socket } from '../define.ts'

export const splitImageWithAlpha = defineNode({
  type: 'SplitImageWithAlpha',
  title: 'Split Image with Alpha',
  category: 'mask/compositing',
  about: 'Takes the transparency off a picture as a mask: 1 where it is clear.',
  inputs: { image: socket('IMAGE') },
  outputs: { IMAGE: 'IMAGE', MASK: 'MASK' },
  run({ image }) {
    const { batch, height, width, channels } = imageShape(image)
    const MASK = channels > 3 ? invert(channelOf(image, 3)) : newMask(batch, height, width)
    return { IMAGE: withChannels(image, 3), MASK }
  },
})
