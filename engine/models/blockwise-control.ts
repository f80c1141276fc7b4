// Blockwise ControlNets of Qwen-Image: after each block of the network, a small layer looks at the
// picture's tokens and at those of another picture, and adds what it makes of them.
// https://github.com/modelscope/DiffSynth-Studio/blob/main/diffsynth/models/qwen_image_controlnet.py
// (Apache-2.0)
import { basename } from 'node:path'
import { resizeCovering } from '../image/resize.ts'
import { imageShape, maskShape } from '../image/shape.ts'
import { ModelError } from '../inference/model-error.ts'
import { DataType, type OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import type { Weights } from '../inference/weights.ts'
import { scaled } from '../sampling/sample.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { BlockwiseControl, LatentFormat, ModelPatch } from './kinds.ts'
import { checkLayout, type Layout, linear, scale } from './layout.ts'
import { patchSide, toPatches } from './patches.ts'
import { withMask } from './planes.ts'
import { TransformerLayers } from './transformer-layers.ts'

const layout: Layout = {
  parts: [
    { at: 'img_in', tensors: linear('', 'PATCH', 'H') },
    {
      at: 'controlnet_blocks.#',
      tensors: {
        ...scale('x_rms', 'H'),
        ...scale('y_rms', 'H'),
        ...linear('input_proj', 'H', 'H'),
        ...linear('output_proj', 'H', 'H'),
      },
    },
  ],
  counted: ['controlnet_blocks.#'],
}

/** @throws ModelError if the file is none. */
export function openModelPatch(weights: Weights): ModelPatch {
  if (!weights.tensors.has('controlnet_blocks.0.y_rms.weight'))
    throw new ModelError(
      `${basename(weights.file)} is no model patch that is read here. Choose a DiffSynth ControlNet ` +
        'for Qwen-Image (canny, depth or inpaint), in the model_patches folder.',
    )
  checkLayout(weights, '', layout)
  return { file: weights.file }
}

/** Channels that it sees of a picture: those of a latent, and a mask if it was made for inpainting. */
const channelsOf = ({ tensors }: Weights): number =>
  tensors.get('img_in.weight')!.shape[1]! / patchSide ** 2

const widthOf = ({ tensors }: Weights): number => tensors.get('img_in.weight')!.shape[0]!

/** @throws ModelError unless it was made for a network of this width and latent. */
export function checkPatch(patch: Weights, model: Weights, hidden: number, channels: number): void {
  const more = channelsOf(patch) - channels
  if (widthOf(patch) === hidden && (more === 0 || more === 1)) return
  throw new ModelError(
    `${basename(patch.file)} was made for another model than ${basename(model.file)}: it works on ` +
      `tokens of width ${widthOf(patch)}, the model on ${hidden}. Choose a patch for this model.`,
  )
}

const inputName = (place: number) => `blockwise${place}`

/** The tokens after block `n`, changed. */
export type AfterBlock = (picture: Value, n: number) => Value

/**
 * Of several, `place` is which. Inputs `blockwise0` [1 or B,T,PATCH] and `blockwise0.strength`;
 * tokens behind the first T belong to references and stay as they are.
 */
export function installBlockwise(graph: OnnxGraph, weights: Weights, place: number): AfterBlock {
  const layers = new TransformerLayers(graph, weights)
  const width = channelsOf(weights) * patchSide ** 2
  const name = inputName(place)
  const patches = graph.input(name, DataType.float, [`${name} batch`, `${name} tokens`, width])
  const strength = graph.input(`${name}.strength`, DataType.float, [])
  const seen = layers.linear(patches, 'img_in')
  return (picture, n) => {
    const key = `controlnet_blocks.${n}`
    if (!layers.has(`${key}.input_proj.weight`)) return picture
    const [own, others] = layers.part(picture, seen)
    const both = layers.add(
      layers.rmsNorm(own, `${key}.x_rms.weight`),
      layers.rmsNorm(seen, `${key}.y_rms.weight`),
    )
    const wide = layers.gelu(layers.linear(both, `${key}.input_proj`))
    const found = graph.op('Mul', [layers.linear(wide, `${key}.output_proj`), strength])
    return layers.join(layers.add(own, found), others)
  }
}

/** What the graph is fed for latents of this shape. */
export async function blockwiseFeeds(
  controls: readonly BlockwiseControl[],
  open: (file: string) => Weights,
  shape: readonly number[],
  format: LatentFormat,
): Promise<Record<string, Tensor>> {
  const feeds: Record<string, Tensor> = {}
  for (const [place, control] of controls.entries()) {
    const patches = await patchesFor(control, open(control.patch.file), shape, format)
    feeds[inputName(place)] = spread(patches, shape[0]!)
    feeds[`${inputName(place)}.strength`] = tensor([], Float32Array.of(control.strength))
  }
  return feeds
}

/** A control's last patches: they stay the same from step to step. */
const known = new WeakMap<BlockwiseControl, { size: string; patches: Promise<Tensor> }>()

function patchesFor(
  control: BlockwiseControl,
  weights: Weights,
  shape: readonly number[],
  format: LatentFormat,
): Promise<Tensor> {
  const [height, width] = shape.slice(-2) as [number, number]
  const size = `${height} ${width}`
  const last = known.get(control)
  if (last?.size === size) return last.patches
  const patches = seenLatent(control, weights, [width, height], format).then(latent =>
    toPatches(latent, 'channels-first'),
  )
  known.set(control, { size, patches })
  // One that failed, or was interrupted, must not stay.
  patches.catch(() => known.delete(control))
  return patches
}

/** [B,C,h,w], with a mask behind it for those that see one. */
async function seenLatent(
  { image, mask, vae }: BlockwiseControl,
  weights: Weights,
  [width, height]: readonly [number, number],
  format: LatentFormat,
): Promise<Tensor> {
  const { downscale } = vae
  const takesMask = channelsOf(weights) > format.channels
  const shown = takesMask && mask ? withoutMasked(image, mask) : image
  const encoded = await vae.encode(
    resizeCovering(shown, width * downscale, height * downscale, 'area'),
  )
  const latent = tensor(encoded.shape, scaled(encoded, format))
  return takesMask ? withMask(latent, kept(mask)) : latent
}

/** [B,H,W]: 1 where the picture is to stay; everywhere without a mask. */
function kept(mask: Tensor | undefined): Tensor {
  if (!mask) return tensor([1, 1, 1], Float32Array.of(1))
  const { batch, height, width } = maskShape(mask)
  return tensor(
    [batch, height, width],
    mask.data.map(value => 1 - value),
  )
}

/** Black where it is to be drawn anew, as in training. */
function withoutMasked(image: Tensor, mask: Tensor): Tensor {
  const { batch, height, width, channels } = imageShape(image)
  const { batch: masks, height: rows, width: columns } = maskShape(mask)
  const fitted = resizeCovering(
    tensor([masks, rows, columns, 1], mask.data),
    width,
    height,
    'nearest-exact',
  )
  const pixels = height * width
  const out = tensor(image.shape, image.data.slice())
  for (let i = 0; i < batch * pixels; i++) {
    const at = (Math.floor(i / pixels) % masks) * pixels + (i % pixels)
    if (fitted.data[at]! > 0.5) out.data.fill(0, i * channels, (i + 1) * channels)
  }
  return out
}

/** One for all, or the pictures in turn: [1 or B,T,PATCH]. */
function spread(patches: Tensor, batch: number): Tensor {
  const [count, ...rest] = patches.shape as [number, number, number]
  if (count === 1 || count === batch) return patches
  const size = patches.data.length / count
  const out = tensor([batch, ...rest])
  for (let i = 0; i < batch; i++) {
    const from = (i % count) * size
    out.data.set(patches.data.subarray(from, from + size), i * size)
  }
  return out
}
