// Which upscaler a file holds, by its keys as spandrel (MIT, https://github.com/chaiNNer-org/spandrel)
// documents them.
import { basename } from 'node:path'
import { ModelError } from '../inference/model-error.ts'
import type { OnnxGraph } from '../inference/onnx-graph.ts'
import type { Weights } from '../inference/weights.ts'
import type { Tensor } from '../tensor.ts'
import { openEsrgan } from './esrgan.ts'
import { openHat } from './hat.ts'
import { checkLayout, type Layout } from './layout.ts'
import { openSpan } from './span.ts'
import { openSwinIr } from './swinir.ts'

export interface UpscaleNetwork {
  /** Of the family. */
  readonly name: string
  /** Output pixels per input pixel. */
  readonly scale: number
  /** Height and width of its input are no less than this, and multiples of `multiple`. */
  readonly least?: number
  readonly multiple: number
  /** Numbers of a feature map per input pixel: what a picture's activations cost. */
  readonly maps: number
  readonly layout: Layout
  /** Input `image` [1,3,H,W] in 0..1; output `out` [1,3,H·scale,W·scale]. */
  build(): OnnxGraph
  /** What else the graph is fed for an image of this size. */
  feeds?(height: number, width: number): Record<string, Tensor>
}

/** A family answers undefined for files that are not its own. */
const families: readonly ((weights: Weights) => UpscaleNetwork | undefined)[] = [
  openHat,
  openSwinIr,
  openSpan,
  openEsrgan,
]

/** @throws ModelError if the file holds no upscaler that we know, or not all of one. */
export function openUpscaleNetwork(file: Weights): UpscaleNetwork {
  const weights = withoutWrapper(file)
  for (const open of families) {
    const network = open(weights)
    if (!network) continue
    checkLayout(weights, '', network.layout)
    return network
  }
  throw new ModelError(
    `${basename(weights.file)} is no upscale model that is supported (ESRGAN, Real-ESRGAN and their ` +
      'compact form, SPAN, SwinIR and HAT are). Choose one of those.',
  )
}

const wrapper = 'module.'

/** Networks that were trained on several cards at once are saved with what held them together. */
function withoutWrapper(weights: Weights): Weights {
  const names = [...weights.tensors.keys()]
  if (!names.every(name => name.startsWith(wrapper))) return weights
  const tensors = new Map(
    [...weights.tensors].map(([name, tensor]) => [name.slice(wrapper.length), tensor]),
  )
  return { ...weights, tensors }
}
