import { roundHalfEven } from '../../image/resize.ts'
import { choice, defineNode, float, int } from '../define.ts'

/** As ComfyUI's menus spell them. */
const ratios = {
  '1:1 (Square)': [1, 1],
  '3:2 (Photo)': [3, 2],
  '4:3 (Standard)': [4, 3],
  '16:9 (Widescreen)': [16, 9],
  '21:9 (Ultrawide)': [21, 9],
  '2:3 (Portrait Photo)': [2, 3],
  '3:4 (Portrait Standard)': [3, 4],
  '9:16 (Portrait Widescreen)': [9, 16],
} as const
type Ratio = keyof typeof ratios

export const resolutionSelector = defineNode({
  type: 'ResolutionSelector',
  title: 'Resolution Selector',
  category: 'utils',
  about: 'A width and a height of so many megapixels in chosen proportions.',
  aliases: ['size', 'aspect ratio', 'megapixels', 'width', 'height'],
  inputs: {
    aspect_ratio: choice(Object.keys(ratios) as Ratio[]),
    megapixels: float({ default: 1, min: 0.1, max: 16, step: 0.1, about: '1 is 1024 × 1024.' }),
    multiple: int({ default: 8, min: 1, max: 256, about: 'Both sides become multiples of this.' }),
  },
  outputs: { width: 'INT', height: 'INT' },
  run({ aspect_ratio, megapixels, multiple }) {
    const [across, down] = ratios[aspect_ratio]
    const unit = Math.sqrt((megapixels * 1024 * 1024) / (across * down))
    const side = (parts: number) =>
      Math.max(multiple, roundHalfEven((parts * unit) / multiple) * multiple)
    return { width: side(across), height: side(down) }
  },
})
