import { defineNode, float, int, socket } from '../define.ts'

const pixels = { max: 16384, step: 8 }

export const conditioningSetArea = defineNode({
  type: 'ConditioningSetArea',
  title: 'Conditioning (Set Area)',
  category: 'conditioning',
  about: 'Lets a prompt act in a rectangle of the picture only, given in pixels.',
  aliases: ['region', 'regional'],
  inputs: {
    conditioning: socket('CONDITIONING'),
    width: int({ default: 64, min: 64, ...pixels }),
    height: int({ default: 64, min: 64, ...pixels }),
    x: int({ default: 0, ...pixels }),
    y: int({ default: 0, ...pixels }),
    strength: float({ default: 1, min: 0, max: 10, step: 0.01 }),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run({ conditioning, strength, ...rectangle }) {
    const latent = (pixels: number) => Math.floor(pixels / 8)
    const area = {
      width: latent(rectangle.width),
      height: latent(rectangle.height),
      x: latent(rectangle.x),
      y: latent(rectangle.y),
      unit: 'latent' as const,
    }
    return {
      CONDITIONING: conditioning.map(item => ({ ...item, area, strength, setAreaToBounds: false })),
    }
  },
})
