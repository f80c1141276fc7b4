import { saveImages } from '../../image/save.ts'
import { defineNode, socket, text, ui } from '../define.ts'

export const saveImage = defineNode({
  type: 'SaveImage',
  title: 'Save Image',
  category: 'image',
  about: 'Saves pictures as PNG in the output folder, together with the workflow that made them.',
  aliases: ['write', 'export', 'png', 'output'],
  inputs: {
    images: socket('IMAGE', 'The pictures to save.'),
    filename_prefix: text({
      default: 'ComfyUI',
      about:
        'How the file name begins. It may name subfolders with “/” and hold values such as %date:yyyy-MM-dd%, %width% or %KSampler.seed%.',
    }),
  },
  outputs: { images: 'IMAGE' },
  hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputNode: true,
  async run({ images, filename_prefix }, context) {
    const options = { folder: 'output', prefix: filename_prefix } as const
    return { images, [ui]: await saveImages(images, options, context) }
  },
})
