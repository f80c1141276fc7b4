import { defineNode, float, socket } from '../define.ts'
import { changeUnet } from '../unet-change.ts'

export const freeUV2 = defineNode({
  type: 'FreeU_V2',
  title: 'FreeU_V2',
  category: 'model_patches/unet',
  about: 'FreeU that strengthens a place the more, the more happens there: fewer burnt pictures.',
  inputs: {
    model: socket('MODEL'),
    b1: float({ default: 1.3, min: 0, max: 10, step: 0.01, about: 'Own answer, coarse stage.' }),
    b2: float({ default: 1.4, min: 0, max: 10, step: 0.01, about: 'Own answer, finer stage.' }),
    s1: float({ default: 0.9, min: 0, max: 10, step: 0.01, about: 'Large shapes, coarse stage.' }),
    s2: float({ default: 0.2, min: 0, max: 10, step: 0.01, about: 'Large shapes, finer stage.' }),
  },
  outputs: { MODEL: 'MODEL' },
  run: ({ model, b1, b2, s1, s2 }) => ({
    MODEL: changeUnet(
      model,
      { kind: 'freeu', version: 2, backbone: [b1, b2], skip: [s1, s2] },
      'FreeU_V2',
    ),
  }),
})
