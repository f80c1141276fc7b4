import { choice, defineNode, float, socket } from '../define.ts'

export const conditioningSetMask = defineNode({
  type: 'ConditioningSetMask',
  title: 'Conditioning (Set Mask)',
  category: 'conditioning',
  about: 'Lets a prompt act where a mask is white.',
  aliases: ['region', 'regional'],
  inputs: {
    conditioning: socket('CONDITIONING'),
    mask: socket('MASK'),
    strength: float({ default: 1, min: 0, max: 10, step: 0.01 }),
    set_cond_area: choice(['default', 'mask bounds'], {
      about: 'Whether the model sees the whole picture or only the box around the mask.',
    }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run: ({ conditioning, mask, strength, set_cond_area }) => ({
    CONDITIONING: conditioning.map(item => ({
      ...item,
      mask,
      maskStrength: strength,
      setAreaToBounds: set_cond_area === 'mask bounds',
    })),
  }),
})
