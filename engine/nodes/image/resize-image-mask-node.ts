import { resizeMethods } from '../../image/resize.ts'
import {
  asImage,
  eitherWay,
  resizeTo,
  resizeToMultiple,
  type Size,
  scaledBy,
  withHeight,
  withLonger,
  withPixels,
  withShorter,
  withSides,
  withWidth,
} from '../../image/resize-to.ts'
import { imageShape } from '../../image/shape.ts'
import { choice, defineNode, float, int, socket, when } from '../define.ts'

const modes = [
  'scale dimensions',
  'scale by multiplier',
  'scale longer dimension',
  'scale shorter dimension',
  'scale width',
  'scale height',
  'scale total pixels',
  'match size',
  'scale to multiple',
] as const

const side = { default: 512, min: 0, max: 16384 }

export const resizeImageMaskNode = defineNode({
  type: 'ResizeImageMaskNode',
  title: 'Resize Image/Mask',
  category: 'image/transform',
  about:
    'Resizes a picture or a mask: to a size, by a factor, to a side, to megapixels, or as another.',
  aliases: ['scale', 'width', 'height', 'megapixels', 'multiple'],
  inputs: {
    input: socket('IMAGE,MASK'),
    resize_type: choice(modes),
    'resize_type.width': when('resize_type', ['scale dimensions', 'scale width'], int(side)),
    'resize_type.height': when('resize_type', ['scale dimensions', 'scale height'], int(side)),
    'resize_type.multiplier': when(
      'resize_type',
      ['scale by multiplier'],
      float({ default: 1, min: 0.01, max: 8, step: 0.01 }),
    ),
    'resize_type.longer_size': when('resize_type', ['scale longer dimension'], int(side)),
    'resize_type.shorter_size': when('resize_type', ['scale shorter dimension'], int(side)),
    'resize_type.megapixels': when(
      'resize_type',
      ['scale total pixels'],
      float({ default: 1, min: 0.01, max: 16, step: 0.01 }),
    ),
    'resize_type.match': when('resize_type', ['match size'], socket('IMAGE,MASK')),
    'resize_type.crop': when(
      'resize_type',
      ['scale dimensions', 'match size'],
      choice(['disabled', 'center'], {
        default: 'center',
        about: 'Whether it is cut to the new proportions or stretched.',
      }),
    ),
    'resize_type.multiple': when(
      'resize_type',
      ['scale to multiple'],
      int({ default: 8, min: 1, max: 16384 }),
    ),
    scale_method: choice(resizeMethods, { default: 'area' }),
  },
  outputs: { resized: '*' },
  run({ input, scale_method: method, ...how }) {
    if (how.resize_type === 'scale to multiple')
      return {
        resized: eitherWay(input, image =>
          resizeToMultiple(image, how['resize_type.multiple'] ?? 1, method),
        ),
      }
    const crop = how['resize_type.crop']
    const size = sizeWanted(imageShape(asImage(input)), how)
    return { resized: eitherWay(input, image => resizeTo(image, size, method, crop)) }
  },
})

type How = { resize_type: (typeof modes)[number] } & {
  [name: `resize_type.${string}`]: unknown
}

function sizeWanted(from: Size, how: How): Size {
  const number = (name: string) => Number(how[`resize_type.${name}`] ?? 0)
  switch (how.resize_type) {
    case 'scale by multiplier':
      return scaledBy(from, number('multiplier'))
    case 'scale longer dimension':
      return withLonger(from, number('longer_size'))
    case 'scale shorter dimension':
      return withShorter(from, number('shorter_size'))
    case 'scale width':
      return withWidth(from, number('width'))
    case 'scale height':
      return withHeight(from, number('height'))
    case 'scale total pixels':
      return withPixels(from, number('megapixels'))
    case 'match size':
      return imageShape(asImage(how['resize_type.match'] as Parameters<typeof asImage>[0]))
    default:
      return withSides(from, { width: number('width'), height: number('height') })
  }
}
