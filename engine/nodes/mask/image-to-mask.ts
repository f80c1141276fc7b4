import { channelOf } from '../../image/mask.ts'
import { imageShape } from '../../image/shape.ts'
import { choice, defineNode, socket } from '../define.ts'

const channels = ['red', 'green', 'blue', 'alpha'] as const

export const imageToMask = defineNode({
  type: 'ImageToMask',
  title: 'Convert Image to Mask',
  category: 'mask',
  about: 'One channel of a picture as a mask.',
  inputs: { image: socket('IMAGE'), channel: choice(channels) },
  outputs: { MASK: 'MASK' },
  run({ image, channel }) {
    const at = channels.indexOf(channel)
    if (at >= imageShape(image).channels)
      throw new Error(`This picture has no ${channel} channel. Choose another channel.`)
    return { MASK: channelOf(image, at) }
  },
})
