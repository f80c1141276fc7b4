import { resizeCovering } from '../../image/resize.ts'
import { imageShape } from '../../image/shape.ts'
import { defineNode, socket } from '../define.ts'

/** Sizes that Kontext was trained on: https://github.com/black-forest-labs/flux (Apache-2.0) */
const sizes = [
  [672, 1568],
  [688, 1504],
  [720, 1456],
  [752, 1392],
  [800, 1328],
  [832, 1248],
  [880, 1184],
  [944, 1104],
  [1024, 1024],
  [1104, 944],
  [1184, 880],
  [1248, 832],
  [1328, 800],
  [1392, 752],
  [1456, 720],
  [1504, 688],
  [1568, 672],
] as const

export const fluxKontextImageScale = defineNode({
  type: 'FluxKontextImageScale',
  title: 'FluxKontextImageScale',
  category: 'advanced/conditioning/flux',
  about: 'Resizes and cuts a picture to the nearest proportions that Flux Kontext was trained on.',
  aliases: ['resize', 'edit'],
  inputs: { image: socket('IMAGE') },
  outputs: { IMAGE: 'IMAGE' },
  run({ image }) {
    const from = imageShape(image)
    const wanted = from.width / from.height
    const apart = ([width, height]: readonly [number, number]) => Math.abs(wanted - width / height)
    const [first, ...rest] = sizes
    const [width, height] = rest.reduce<readonly [number, number]>(
      (best, size) => (apart(size) < apart(best) ? size : best),
      first,
    )
    return { IMAGE: resizeCovering(image, width, height, 'lanczos') }
  },
})
