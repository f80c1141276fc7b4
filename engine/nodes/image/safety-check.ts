import { gaussianBlur } from '../../image/blur.ts'
import { resizeImage } from '../../image/resize.ts'
import { classifySafety, exposure, type SafetyShares } from '../../image/safety-classifier.ts'
import { imageShape } from '../../image/shape.ts'
import { type Tensor, tensor } from '../../tensor.ts'
import { choice, defineNode, float, socket } from '../define.ts'

/** Nothing is left of a picture of this size but its colours. */
const blurredSide = 16

/** Our own: it runs a network that comes with the app. */
export const safetyCheck = defineNode({
  type: 'SafetyCheck',
  title: 'Safety Check',
  category: 'image',
  about:
    'Guesses whether pictures show nudity, and hides those that seem to. The guess is coarse: some get ' +
    'through, and harmless ones may be hidden. No protection to rely on.',
  aliases: ['nsfw', 'filter', 'classifier', 'safe for work'],
  inputs: {
    image: socket('IMAGE'),
    threshold: float({
      default: 0.5,
      min: 0,
      max: 1,
      step: 0.01,
      about:
        'Pictures are hidden if what the network gives for porn, hentai and half of sexy adds up to this. ' +
        'Lower hides more. The numbers are no probabilities: they were not checked against pictures.',
    }),
    action: choice(['blur', 'black', 'none'], { about: 'What becomes of such pictures.' }),
  },
  outputs: { IMAGE: 'IMAGE', found: 'BOOLEAN', scores: 'STRING' },
  async run({ image, threshold, action }, context) {
    const model = context.models.path('onnx', 'nsfw_mobilenet_v2.onnx')
    const shares = await classifySafety(image, model, context)
    const hidden = shares.map(own => exposure(own) >= threshold)
    const changed = action === 'none' ? image : hide(image, hidden, action)
    return { IMAGE: changed, found: hidden.includes(true), scores: shares.map(inWords).join('\n') }
  },
})

const inWords = (shares: SafetyShares): string =>
  Object.entries(shares)
    .map(([kind, share]) => `${kind} ${Math.round(share * 100)} %`)
    .join(', ')

function hide(image: Tensor, hidden: readonly boolean[], action: 'blur' | 'black'): Tensor {
  if (!hidden.includes(true)) return image
  const { height, width, channels } = imageShape(image)
  const size = height * width * channels
  const out = tensor(image.shape, image.data.slice())
  for (const [index, hides] of hidden.entries()) {
    if (!hides) continue
    const at = out.data.subarray(index * size, (index + 1) * size)
    if (action === 'black') blacken(at, channels)
    else {
      const one = tensor([1, height, width, channels], at.slice())
      const small = resizeImage(one, blurredSide, blurredSide, 'area')
      const soft = gaussianBlur(small, 2, 1)
      at.set(resizeImage(soft, width, height, 'bilinear').data)
    }
  }
  return out
}

/** Opaque, since what is transparent shows what lies behind. */
function blacken(pixels: Float32Array, channels: number): void {
  pixels.fill(0)
  if (channels === 2 || channels === 4)
    for (let i = channels - 1; i < pixels.length; i += channels) pixels[i] = 1
}
