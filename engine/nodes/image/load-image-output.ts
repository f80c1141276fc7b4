import { pictureFile } from '../../image/picture-field.ts'
import { checkPicture, loadPicture, pictureStamp } from '../../image/picture-input.ts'
import { defineNode } from '../define.ts'

export const loadImageOutput = defineNode({
  type: 'LoadImageOutput',
  title: 'Load Image (from Outputs)',
  category: 'image',
  about: 'Opens a picture that an earlier run saved in the output folder.',
  experimental: true,
  inputs: { image: pictureFile('output') },
  outputs: { IMAGE: 'IMAGE', MASK: 'MASK' },
  changed: ({ image }, { files }) => pictureStamp(files, image, 'output'),
  check: ({ image }, { files }) => checkPicture(files, image, 'output'),
  async run({ image }, { files }) {
    const picture = await loadPicture(files, image, 'output')
    return { IMAGE: picture.image, MASK: picture.mask }
  },
})
