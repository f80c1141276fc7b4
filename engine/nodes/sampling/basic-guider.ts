import { basicGuider as positiveOnly } from '../../sampling/guiders.ts'
import { defineNode, socket } from '../define.ts'

export const basicGuider = defineNode({
  type: 'BasicGuider',
  title: 'BasicGuider',
  category: 'sampling/custom_sampling/guiders',
  about: 'Follows one prompt without a negative, as distilled models want it.',
  inputs: {
    model: socket('MODEL'),
    conditioning: socket('CONDITIONING'),
  },
  outputs: { GUIDER: 'GUIDER' },
  run: ({ model, conditioning }) => ({ GUIDER: positiveOnly(model, conditioning) }),
})
