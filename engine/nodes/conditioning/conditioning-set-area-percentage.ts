import { defineNode, float, socket } from '../define.ts'

const share = { min: 0, max: 1, step: 0.01 }

export const conditioningSetAreaPercentage = defineNode({
  type: 'ConditioningSetAreaPercentage',
  title: 'Conditioning (Set Area with Percentage)',
  category: 'conditioning',
  about: 'Lets a prompt act in a rectangle of the picture only, given as shares of its size.',
  aliases: ['region', 'regional'],
  inputs: {
    conditioning: socket('CONDITIONING'),
    width: float({ default: 1, ...share }),
    height: float({ default: 1, ...share }),
    x: float({ default: 0, ...share }),
    y: float({ default: 0, ...share }),
    strength: float({ default: 1, min: 0, max: 10, step: 0.01 }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run({ conditioning, width, height, x, y, strength }) {
    const area = { width, height, x, y, unit: 'percent' as const }
    return {
      CONDITIONING: conditioning.map(item => ({ ...item, area, strength, setAreaToBounds: false })),
    }
  },
})
