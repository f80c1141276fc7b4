import { joinAlpha } from '../../image/alpha.ts'
import { portraitMatte as findPeople } from '../../image/portrait-matte.ts'
import { defineNode, float, socket } from '../define.ts'

/** Our own: it runs a network that comes with the app. */
export const portraitMatte = defineNode({
  type: 'PortraitMatte',
  title: 'Portrait Matte',
  category: 'mask',
  about: 'Cuts people out of a picture: transparent around them, and a mask that is white on them.',
  aliases: ['remove background', 'cut out', 'segment', 'person', 'selfie', 'rembg'],
  inputs: {
    image: socket('IMAGE'),
    threshold: float({
      default: 0.5,
      min: 0.05,
      max: 0.95,
      step: 0.01,
      about: 'Lower keeps more of what may be a person, higher less.',
    }),
    softness: float({
      default: 0.6,
      min: 0,
      max: 1,
      step: 0.01,
      about: 'How gently the edge fades. 0 is a hard edge.',
    }),
  },
  outputs: { IMAGE: 'IMAGE', MASK: 'MASK' },
  async run({ image, threshold, softness }, context) {
    const model = context.models.path('onnx', 'selfie_segmentation.onnx')
    const mask = await findPeople(image, model, {
      threshold,
      softness,
      signal: context.signal,
      progress: (done, of) => context.progress(done, of),
    })
    return { IMAGE: joinAlpha(image, mask), MASK: mask }
  },
})
