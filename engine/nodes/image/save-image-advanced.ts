import { toSrgb } from '../../image/color-space.ts'
import { type PngDepth, saveImages } from '../../image/save.ts'
import { tensor } from '../../tensor.ts'
import { choice, defineNode, socket, text, ui, when } from '../define.ts'

const depths: Record<string, PngDepth> = { '8-bit': 8, '16-bit': 16 }

export const saveImageAdvanced = defineNode({
  type: 'SaveImageAdvanced',
  title: 'Save Image (Advanced)',
  category: 'image',
  about: 'Saves pictures with 8 or 16 bits a channel, together with the workflow that made them.',
  aliases: ['write', 'export', 'png', 'output', '16 bit', 'linear'],
  inputs: {
    images: socket('IMAGE', 'The pictures to save.'),
    filename_prefix: text({
      default: 'ComfyUI',
      about: 'How the file name begins, with subfolders and values as in Save Image.',
    }),
    format: choice(['png']),
    'format.bit_depth': when('format', ['png'], choice(['8-bit', '16-bit'])),
    'format.input_color_space': when(
      'format',
      ['png'],
      choice(['sRGB', 'linear'], {
        about: 'What the pictures’ numbers are. Linear light is turned into sRGB.',
      }),
    ),
  },
  outputs: { images: 'IMAGE' },
  hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputNode: true,
  async run({ images, filename_prefix, ...how }, context) {
    const linear = how['format.input_color_space'] === 'linear'
    const shown = linear ? tensor(images.shape, images.data.map(toSrgb)) : images
    const depth = depths[how['format.bit_depth'] ?? '8-bit']
    const options = { folder: 'output', prefix: filename_prefix, depth } as const
    return { images, [ui]: await saveImages(shown, options, context) }
  },
})
