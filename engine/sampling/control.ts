// ControlNets of a conditioning at one step: each adds its residuals where its range says so.
import type { Control, ControlResiduals, ModelSampling, NetworkInput } from '../models/kinds.ts'
import { sizeOf, type Tensor, tensor } from '../tensor.ts'

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
  const [from, to] = [start, end].map(percent => sampling.percentToSigma(percent)) as [
    number,
    number,
  ]
  if (strength === 0 || sigma > from || sigma < to) return before
  const [batch, , height, width] = input.x.shape as [number, number, number, number]
  const hint = spread(net.hint(control.image, width, height), images, batch)
  const own = await net.residuals(input, hint)
  return {
    middle: sums(own.middle, before?.middle, strength),
    output: sums(own.output, before?.output, strength),
  }
}

type Residuals = ControlResiduals['output']

/** own·strength + before, place by place. */
function sums(own: Residuals = [], before: Residuals = [], strength: number): Residuals {
  return own.map((residual, place) => {
    const other = before[place]
    if (!residual) return other
    return tensor(
      residual.shape,
      residual.data.map((value, i) => value * strength + (other ? other.data[i]! : 0)),
    )
  })
}

/** A hint for each picture of a batch, and again for each batch. */
function spread({ shape, data }: Tensor, images: number, batch: number): Tensor {
  const size = sizeOf(shape.slice(1))
  const out = tensor([batch, ...shape.slice(1)])
  for (let i = 0; i < batch; i++) {
    const from = ((i % images) % shape[0]!) * size
    out.data.set(data.subarray(from, from + size), i * size)
  }
  return out
}
