import { animatedPng } from '../../image/animation.ts'
import { saveAnimation } from '../../image/save.ts'
import { defineNode, float, int, socket, text, ui } from '../define.ts'

export const saveAnimatedPng = defineNode({
  type: 'SaveAnimatedPNG',
  title: 'Save Animated PNG',
  category: 'image/animation',
  about: 'Saves a batch as one moving PNG in the output folder, with the workflow that made it.',
  aliases: ['apng', 'gif', 'video', 'export', 'animation'],
  inputs: {
    images: socket('IMAGE'),
    filename_prefix: text({ default: 'ComfyUI' }),
    fps: float({ default: 6, min: 0.01, max: 1000, step: 0.01, about: 'Pictures a second.' }),
    compress_level: int({ default: 4, min: 0, max: 9 }),
  },
  outputs: {},
  hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputNode: true,
  async run({ images, filename_prefix, fps, compress_level }, context) {
    const encode = (texts: Record<string, string>) =>
      animatedPng(images, fps, texts, compress_level)
    const options = { prefix: filename_prefix, extension: 'png', encode }
    return { [ui]: await saveAnimation(images, options, context) }
  },
})
