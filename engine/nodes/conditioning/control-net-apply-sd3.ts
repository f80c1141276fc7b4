import { withControl } from '../../sampling/conditioning.ts'
import { defineNode, float, socket } from '../define.ts'

export const controlNetApplySd3 = defineNode({
  type: 'ControlNetApplySD3',
  title: 'Apply Controlnet with VAE',
  category: 'conditioning/controlnet',
  about: 'Lets a ControlNet of SD3 or Flux steer a stretch of the run by a picture.',
  deprecated: true,
  inputs: {
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    control_net: socket('CONTROL_NET'),
    vae: socket('VAE', 'Of the model: these ControlNets see the encoded picture.'),
    image: socket('IMAGE', 'What to follow: lines, a pose, a depth map, as it expects.'),
    strength: float({ default: 1, min: 0, max: 10, step: 0.01 }),
    start_percent: float({ default: 0, min: 0, max: 1, step: 0.001, about: 'Share of the run.' }),
    end_percent: float({ default: 1, min: 0, max: 1, step: 0.001, about: 'Share of the run.' }),
  },
  outputs: { positive: 'CONDITIONING', negative: 'CONDITIONING' },
  run({ positive, negative, control_net: net, vae, image, strength, start_percent, end_percent }) {
    if (strength === 0) return { positive, negative }
    const lay = withControl({ net, image, vae, strength, start: start_percent, end: end_percent })
    return { positive: lay(positive), negative: lay(negative) }
  },
})
