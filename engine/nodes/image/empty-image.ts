import { newImage } from '../../image/shape.ts'
import { defineNode, int } from '../define.ts'
import { checkRoom } from '../room.ts'

export const emptyImage = defineNode({
  type: 'EmptyImage',
  title: 'EmptyImage',
  category: 'image',
  about: 'Makes a picture of one colour.',
  aliases: ['solid', 'color', 'background', 'blank'],
  inputs: {
    width: int({ default: 512, min: 1, max: 16384 }),
    height: int({ default: 512, min: 1, max: 16384 }),
    batch_size: int({ default: 1, min: 1, max: 4096 }),
    color: int({ default: 0, min: 0, max: 0xffffff, about: 'Red, green and blue as 0xRRGGBB.' }),
  },
  outputs: { IMAGE: 'IMAGE' },
  check: size => checkRoom(size),
  run({ width, height, batch_size, color }) {
    const out = newImage(batch_size, height, width, 3)
    const rgb = [color >> 16, (color >> 8) & 255, color & 255].map(byte => byte / 255)
    for (let c = 0; c < 3; c++) for (let i = c; i < out.data.length; i += 3) out.data[i] = rgb[c]!
    return { IMAGE: out }
  },
})
