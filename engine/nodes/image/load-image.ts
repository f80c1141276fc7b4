import { pictureFile } from '../../image/picture-field.ts'
import { checkPicture, loadPicture, pictureStamp } from '../../image/picture-input.ts'
import { defineNode } from '../define.ts'

export const loadImage = defineNode({
  type: 'LoadImage',
  title: 'Load Image',
  category: 'image',
  about: 'Opens a picture of the input folder. Transparency becomes the mask: 1 where it is clear.',
  aliases: ['open', 'photo', 'picture', 'file', 'upload'],
  inputs: { image: pictureFile('input') },
  outputs: { IMAGE: 'IMAGE', MASK: 'MASK' },
  changed: ({ image }, { files }) => pictureStamp(files, image, 'input'),
  check: ({ image }, { files }) => checkPicture(files, image, 'input'),
  async run({ image }, { files }) {
    const picture = await loadPicture(files, image, 'input')
    return { IMAGE: picture.image, MASK: picture.mask }
  },
})
