// Laying one latent over another.
import { resizeMask } from '../image/resize.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { latentShape, maskBatch, repeatBatch, resizeLatent } from './latents.ts'

/** How much of the upper latent shows at a place of it, for an image of the batch. */
type Weight = (column: number, row: number, image: number) => number

/** `from` over `to` at x, y (latent pixels, may be negative); what hangs over is left out. */
function paste(to: Tensor, from: Tensor, x: number, y: number, weight: Weight): Tensor {
  const [below, above] = [latentShape(to), latentShape(from)]
  if (below.channels !== above.channels)
    throw new Error(
      `The latents have ${below.channels} and ${above.channels} channels: they come from ` +
        'different families of models and cannot be combined.',
    )
  const out = tensor(to.shape, Float32Array.from(to.data))
  for (let plane = 0; plane < below.batch * below.channels; plane++) {
    const [image, channel] = [Math.floor(plane / below.channels), plane % below.channels]
    const source = (image % above.batch) * above.channels + channel
    for (let row = Math.max(0, -y); row < Math.min(above.height, below.height - y); row++)
      for (
        let column = Math.max(0, -x);
        column < Math.min(above.width, below.width - x);
        column++
      ) {
        const at = (plane * below.height + y + row) * below.width + x + column
        const share = weight(column, row, image)
        const value = from.data[(source * above.height + row) * above.width + column]!
        out.data[at] = value * share + out.data[at]! * (1 - share)
      }
  }
  return out
}

/** Its inner borders fade over `feather` latent pixels. */
export function compositeLatents(
  to: Tensor,
  from: Tensor,
  x: number,
  y: number,
  feather: number,
): Tensor {
  const [below, above] = [latentShape(to), latentShape(from)]
  const across = fade(x, above.width, below.width, feather)
  const down = fade(y, above.height, below.height, feather)
  return paste(to, from, x, y, (column, row) => across[column]! * down[row]!)
}

/** The factor of each column: below 1 near a border that lies inside the picture. */
function fade(start: number, length: number, whole: number, feather: number): Float32Array {
  const visible = Math.min(length, whole - start)
  const out = new Float32Array(length).fill(1)
  for (let t = 0; t < Math.min(feather, visible); t++) {
    if (start > 0) out[t]! *= (t + 1) / feather
    if (start + length < whole) out[length - 1 - t]! *= (t + 1) / feather
  }
  // ComfyUI counts the far border down from its end, in Python: a wide feather begins there again.
  if (start + length < whole)
    for (let t = length + 1; t < Math.min(feather, 2 * length); t++)
      out[2 * length - 1 - t]! *= (t + 1) / feather
  return out
}

export function compositeLatentsMasked(
  to: Tensor,
  from: Tensor,
  x: number,
  y: number,
  options: { mask?: Tensor; resizeSource?: boolean } = {},
): Tensor {
  const below = latentShape(to)
  const fitted = options.resizeSource
    ? resizeLatent(from, below.width, below.height, 'bilinear')
    : from
  const source = repeatBatch(fitted, below.batch)
  const { width, height } = latentShape(source)
  if (!options.mask) return paste(to, source, x, y, () => 1)
  const mask = resizeMask(maskBatch(options.mask), width, height)
  const masks = mask.shape[0]!
  return paste(
    to,
    source,
    x,
    y,
    (column, row, image) => mask.data[((image % masks) * height + row) * width + column]!,
  )
}
