import { channelOf, invert } from '../../image/mask.ts'
import { pictureFile } from '../../image/picture-field.ts'
import { checkPicture, loadPicture, pictureStamp } from '../../image/picture-input.ts'
import { tensor } from '../../tensor.ts'
import { choice, defineNode } from '../define.ts'

const channels = ['alpha', 'red', 'green', 'blue'] as const

export const loadImageMask = defineNode({
  type: 'LoadImageMask',
  title: 'Load Image (as Mask)',
  category: 'mask',
  about: 'Reads one channel of a picture as a mask. Alpha is turned round: 1 where it is clear.',
  inputs: { image: pictureFile('input'), channel: choice(channels) },
  outputs: { MASK: 'MASK' },
  changed: ({ image }, { files }) => pictureStamp(files, image, 'input'),
  check: ({ image }, { files }) => checkPicture(files, image, 'input'),
  async run({ image, channel }, { files }) {
    const picture = await loadPicture(files, image, 'input')
    const first = (mask: typeof picture.mask) =>
      tensor([1, ...mask.shape.slice(1)], mask.data.subarray(0, mask.data.length / mask.shape[0]!))
    if (channel !== 'alpha')
      return { MASK: first(channelOf(picture.image, channels.indexOf(channel) - 1)) }
    // Without an alpha channel nothing is clear; the mask is as large as the picture all the same.
    const { shape } = picture.image
    return { MASK: first(picture.alpha ? invert(picture.alpha) : tensor(shape.slice(0, 3))) }
  },
})
