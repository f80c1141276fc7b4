import { animatedWebp } from '../../image/animation.ts'
import { saveAnimation } from '../../image/save.ts'
import { choice, defineNode, float, int, socket, text, toggle, ui } from '../define.ts'

/** How long the encoder looks for something smaller. */
const efforts = { default: 4, fastest: 0, slowest: 6 } as const

export const saveAnimatedWebp = defineNode({
  type: 'SaveAnimatedWEBP',
  title: 'Save Animated WebP',
  category: 'image/animation',
  about: 'Saves a batch as one moving WebP in the output folder, with the workflow that made it.',
  aliases: ['gif', 'video', 'export', 'animation'],
  inputs: {
    images: socket('IMAGE'),
    filename_prefix: text({ default: 'ComfyUI' }),
    fps: float({ default: 6, min: 0.01, max: 1000, step: 0.01, about: 'Pictures a second.' }),
    lossless: toggle({ default: true }),
    quality: int({ default: 80, min: 0, max: 100 }),
    method: choice(['default', 'fastest', 'slowest'], { about: 'Slower makes smaller files.' }),
  },
  outputs: {},
  hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputNode: true,
  async run({ images, filename_prefix, fps, method, ...quality }, context) {
    const encode = (texts: Record<string, string>) =>
      animatedWebp(images, fps, texts, { ...quality, effort: efforts[method] })
    const options = { prefix: filename_prefix, extension: 'webp', encode }
    return { [ui]: await saveAnimation(images, options, context) }
  },
})
