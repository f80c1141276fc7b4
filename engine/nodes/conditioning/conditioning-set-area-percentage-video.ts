import { defineNode, float, socket } from '../define.ts'

const share = { min: 0, max: 1, step: 0.01 }
const ofVideos = 'Of a video. A picture is a single moment, all of it.'

export const conditioningSetAreaPercentageVideo = defineNode({
  type: 'ConditioningSetAreaPercentageVideo',
  title: 'ConditioningSetAreaPercentageVideo',
  category: 'conditioning',
  about: 'Lets a prompt act in a rectangle of each moment only, given as shares of its size.',
  inputs: {
    conditioning: socket('CONDITIONING'),
    width: float({ default: 1, ...share }),
    height: float({ default: 1, ...share }),
    temporal: float({ default: 1, ...share, about: ofVideos }),
    x: float({ default: 0, ...share }),
    y: float({ default: 0, ...share }),
    z: float({ default: 0, ...share, about: ofVideos }),
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
