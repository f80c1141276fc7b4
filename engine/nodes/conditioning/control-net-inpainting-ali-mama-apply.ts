import { withControl } from '../../sampling/conditioning.ts'
import { withoutMasked } from '../../sampling/inpaint-pixels.ts'
import { defineNode, float, socket } from '../define.ts'

export const controlNetInpaintingAliMamaApply = defineNode({
  type: 'ControlNetInpaintingAliMamaApply',
  title: 'ControlNetInpaintingAliMamaApply',
  category: 'conditioning/controlnet',
  about: 'Shows an inpainting ControlNet of SD3 or Flux the picture and which part to draw anew.',
  inputs: {
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    control_net: socket('CONTROL_NET'),
    vae: socket('VAE', 'Of the model.'),
    image: socket('IMAGE'),
    mask: socket('MASK', '1 where the picture is drawn anew.'),
    strength: float({ default: 1, min: 0, max: 10, step: 0.01 }),
    start_percent: float({ default: 0, min: 0, max: 1, step: 0.001, about: 'Share of the run.' }),
    end_percent: float({ default: 1, min: 0, max: 1, step: 0.001, about: 'Share of the run.' }),
  },
  outputs: { positive: 'CONDITIONING', negative: 'CONDITIONING' },
  run({ positive, negative, control_net: net, vae, image, mask, strength, ...range }) {
    if (strength === 0) return { positive, negative }
    // Others than those made for it see the picture whole.
    const shown = net.takesMask ? withoutMasked(image, mask) : { image }
    const { start_percent: start, end_percent: end } = range
    const lay = withControl({ net, ...shown, vae, strength, start, end })
    return { positive: lay(positive), negative: lay(negative) }
  },
})
