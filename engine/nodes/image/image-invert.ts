import { invert } from '../../image/mask.ts'
import { defineNode, socket } from '../define.ts'

export const imageInvert = defineNode({
  type: 'ImageInvert',
  title: 'Invert Image',
  category: 'image',
  about: 'Turns every colour into its opposite, like a negative.',
  aliases: ['negative'],
  inputs: { image: socket('IMAGE') },
  outputs: { IMAGE: 'IMAGE' },
  run: ({ image }) => ({ IMAGE: invert(image) }),
})
