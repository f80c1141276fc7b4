import { withControl } from '../../sampling/conditioning.ts'
import { defineNode, float, optional, socket } from '../define.ts'

export const controlNetApplyAdvanced = defineNode({
  type: 'ControlNetApplyAdvanced',
  title: 'Apply ControlNet',
  category: 'conditioning/controlnet',
  about: 'Lets a ControlNet steer a stretch of the run by a picture.',
  aliases: ['canny', 'pose', 'depth'],
  inputs: {
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    control_net: socket('CONTROL_NET'),
    image: socket(
      'IMAGE',
      'What to follow: lines, a pose, a depth map, as the ControlNet expects.',
    ),
    strength: float({ default: 1, min: 0, max: 10, step: 0.01 }),
    start_percent: float({ default: 0, min: 0, max: 1, step: 0.001, about: 'Share of the run.' }),
    end_percent: float({ default: 1, min: 0, max: 1, step: 0.001, about: 'Share of the run.' }),
    vae: optional(socket('VAE', 'For ControlNets that work on latents; others do without.')),
  },
  outputs: { positive: 'CONDITIONING', negative: 'CONDITIONING' },
  run({ positive, negative, control_net: net, image, strength, start_percent, end_percent, vae }) {
    if (strength === 0) return { positive, negative }
    const lay = withControl({ net, image, vae, strength, start: start_percent, end: end_percent })
    return { positive: lay(positive), negative: lay(negative) }
  },
})
