import { joinAlpha } from '../../image/alpha.ts'
import { invert } from '../../image/mask.ts'
import { defineNode, socket } from '../define.ts'

export const joinImageWithAlpha = defineNode({
  type: 'JoinImageWithAlpha',
  title: 'Join Image with Alpha',
  category: 'mask/compositing',
  about: 'Makes a picture transparent where the mask is white.',
  aliases: ['transparency', 'cut out'],
  inputs: { image: socket('IMAGE'), alpha: socket('MASK') },
  outputs: { IMAGE: 'IMAGE' },
  run: ({ image, alpha }) => ({ IMAGE: joinAlpha(image, invert(alpha)) }),
})
