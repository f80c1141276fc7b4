import { withControl } from '../../sampling/conditioning.ts'
import { defineNode, float, socket } from '../define.ts'

export const controlNetApply = defineNode({
  type: 'ControlNetApply',
  title: 'Apply ControlNet (OLD)',
  category: 'conditioning/controlnet',
  about: 'Lets a ControlNet steer the whole run by a picture, on both sides of the guidance.',
  deprecated: true,
  inputs: {
    conditioning: socket('CONDITIONING'),
    control_net: socket('CONTROL_NET'),
    image: socket(
      'IMAGE',
      'What to follow: lines, a pose, a depth map, as the ControlNet expects.',
    ),
    strength: float({ default: 1, min: 0, max: 10, step: 0.01 }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run({ conditioning, control_net: net, image, strength }) {
    if (strength === 0) return { CONDITIONING: conditioning }
    const lay = withControl({ net, image, strength, start: 0, end: 1 })
    return { CONDITIONING: lay(conditioning).map(item => ({ ...item, controlBoth: true })) }
  },
})
