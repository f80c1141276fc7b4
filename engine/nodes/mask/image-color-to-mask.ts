import { roundHalfEven } from '../../image/resize.ts'
import { imageShape, newMask } from '../../image/shape.ts'
import { defineNode, int, socket } from '../define.ts'

export const imageColorToMask = defineNode({
  type: 'ImageColorToMask',
  title: 'ImageColorToMask',
  category: 'mask',
  about: 'White where a picture has exactly this colour, black elsewhere.',
  aliases: ['chroma key', 'green screen'],
  inputs: {
    image: socket('IMAGE'),
    color: int({ default: 0, min: 0, max: 0xffffff, about: 'Red, green and blue as 0xRRGGBB.' }),
  },
  outputs: { MASK: 'MASK' },
  run({ image, color }) {
    const { batch, height, width, channels } = imageShape(image)
    const out = newMask(batch, height, width)
    const byte = (x: number) => roundHalfEven(Math.fround(Math.min(1, Math.max(0, x)) * 255))
    for (let i = 0, at = 0; i < out.data.length; i++, at += channels) {
      const [r, g, b] = [image.data[at]!, image.data[at + 1]!, image.data[at + 2]!]
      out.data[i] = Number(((byte(r) << 16) | (byte(g) << 8) | byte(b)) === color)
    }
    return { MASK: out }
  },
})
