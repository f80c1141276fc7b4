// ControlNets of a conditioning at one step: each adds its residuals where its range says so.
import type { Control, ControlResiduals, ModelSampling, NetworkInput } from '../models/kinds.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { repeatBatch } from './latents.ts'
import { boundAt } from './model-sampling.ts'

/** @param images pictures of the batch; `input` may hold several batches after one another */
export async function controlAt(
  control: Control | undefined,
  sampling: ModelSampling,
  sigma: number,
  input: NetworkInput,
  images: number,
): Promise<ControlResiduals | undefined> {
  if (!control) return undefined
  const before = await controlAt(control.previous, sampling, sigma, input, images)
  const { net, strength, start, end } = control
  const [from, to] = [boundAt(sampling, start), boundAt(sampling, end)]
  if (strength === 0 || sigma > from || sigma < to) return before
  const own = await net.residuals(input, await hintFor(control, input.x.shape, images))
  return {
    input: sums(own.input, before?.input, strength),
    middle: sums(own.middle, before?.middle, strength),
    output: sums(own.output, before?.output, strength),
  }
}

/** A control's last hint: it stays the same from step to step. */
const hints = new WeakMap<Control, { size: string; hint: Promise<Tensor> }>()

function hintFor(control: Control, shape: readonly number[], images: number): Promise<Tensor> {
  const [batch, , height, width] = shape as [number, number, number, number]
  const size = [images, batch, height, width].join()
  const known = hints.get(control)
  if (known?.size === size) return known.hint
  const { net, image } = control
  const hint = net
    .hint(image, width, height, control)
    // One for each picture, and the same again for each batch.
    .then(picture => repeatBatch(repeatBatch(picture, images), batch))
  hints.set(control, { size, hint })
  // One that failed, or was interrupted, must not stay.
  hint.catch(() => hints.delete(control))
  return hint
}

type Residuals = ControlResiduals['output']

/**
 * own·strength + before, place by place. Residuals that go to several places are one tensor, and stay
 * so: there may be dozens of places and hundreds of megabytes.
 */
function sums(own: Residuals = [], before: Residuals = [], strength: number): Residuals {
  const known = new Map<Tensor, Map<Tensor | undefined, Tensor>>()
  const sum = (residual: Tensor, other: Tensor | undefined): Tensor => {
    const row = known.get(residual) ?? new Map<Tensor | undefined, Tensor>()
    known.set(residual, row)
    const found = row.get(other) ?? added(residual, other, strength)
    row.set(other, found)
    return found
  }
  const places = Math.max(own.length, before.length)
  return Array.from({ length: places }, (_, place) => {
    const residual = own[place]
    return residual ? sum(residual, before[place]) : before[place]
  })
}

const added = ({ shape, data }: Tensor, other: Tensor | undefined, strength: number): Tensor =>
  tensor(
    shape,
    data.map((value, i) => value * strength + (other ? other.data[i]! : 0)),
  )
