// What the network says of any number of conditions: each has its own area, mask and range, and
// conditions of one shape run through the network together. guiders.ts combines the answers.
import { concatBatches } from '../image/batch.ts'
import type { Watch } from '../inference/shared-work.ts'
import type { ModelSampling, Network, NetworkInput, Weakening } from '../models/kinds.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { NetworkReuse } from './answer-reuse.ts'
import { addPiece, cropTo, type Piece, piecesAt } from './condition-pieces.ts'
import type { Condition } from './conditions.ts'
import { controlAt } from './control.ts'
import { scalesAt } from './denoiser.ts'
import { repeatBatch } from './latents.ts'

/** Contexts are repeated to a common length unless that makes the shortest more than this longer. */
const repeatsMax = 4
/** Latent pixels per forward, beyond which conditions run one after the other: bounds memory. */
const pixelsMax = 2 * 96 * 96

export interface Guided {
  denoised: Float32Array
  uncond: Float32Array
}

/** Is told what the network looked at for a condition of a side: see `NetworkInput.watch`. */
export type SeenAttention = (side: number, attention: Tensor) => void

interface Beside {
  seen?: SeenAttention
  /** Earlier answers of the run, which may stand in for the network's. */
  reuse?: NetworkReuse
  /** Of work that has to be done before a network of single prompts can be asked. */
  work?: Watch
  /** What the network, of whichever prompt, is to leave out. */
  without?: Weakening
}

/** x0 at `sigma` as each side sees it: the average of its conditions by weight. 0 without any. */
export async function askSides(
  network: Network,
  sampling: ModelSampling,
  sides: readonly (readonly Condition[])[],
  x: Tensor,
  sigma: number,
  { seen, reuse, work, without }: Beside = {},
): Promise<Float32Array[]> {
  reuse?.begin()
  const pieces = sides.flatMap((conditions, side) => piecesAt(conditions, side, x, sigma))
  const sums = sides.map(() => ({
    values: new Float32Array(x.data.length),
    weights: new Float32Array(x.data.length),
  }))
  const ask = async (asked: readonly Piece[], left?: readonly Float32Array[]) => {
    for (const group of groupsOf(asked, x.shape[0]!)) {
      const own = await group[0]!.condition.network?.(sigma, x.shape, work)
      const beside = { seen, reuse, without }
      const answers = await evaluate(own ?? network, sampling, group, x, sigma, beside)
      group.forEach((piece, i) => {
        addPiece(sums[piece.side]!, x.shape, piece, answers[i]!, left?.[piece.side])
      })
    }
  }
  await ask(pieces.filter(({ condition }) => !condition.fallback))
  const others = pieces.filter(({ condition }) => condition.fallback)
  if (others.length > 0) {
    const left = sums.map(({ weights }) => weights.map(weight => Math.max(0, 1 - weight)))
    await ask(
      others.filter(({ side }) => left[side]!.some(weight => weight > 0)),
      left,
    )
  }
  return sums.map(({ values, weights }) =>
    values.map((value, i) => (weights[i]! > 0 ? value / weights[i]! : 0)),
  )
}

/** Pieces that fit into one forward, in order. */
function groupsOf(pieces: readonly Piece[], batch: number): Piece[][] {
  const groups: Piece[][] = []
  for (const piece of pieces) {
    const fits = groups.find(group => together([...group, piece], batch))
    if (fits) fits.push(piece)
    else groups.push([piece])
  }
  return groups
}

function together(pieces: readonly Piece[], batch: number): boolean {
  const [first] = pieces as [Piece]
  const { width, height } = first.area
  const lengths = pieces.map(({ condition }) => condition.context.shape[1]!)
  return (
    pieces.length * batch * width * height <= pixelsMax &&
    pieces.every(
      ({
        area,
        condition: { context, control, controlText, gligen, y, extras, wholeText, network },
      }) =>
        control === first.condition.control &&
        controlText?.shape.join() === first.condition.controlText?.shape.join() &&
        gligen?.file === first.condition.gligen?.file &&
        network === first.condition.network &&
        area.width === width &&
        area.height === height &&
        context.shape[2] === first.condition.context.shape[2] &&
        (!wholeText || context.shape[1] === first.condition.context.shape[1]) &&
        y?.shape[1] === first.condition.y?.shape[1] &&
        extrasShape(extras) === extrasShape(first.condition.extras),
    ) &&
    leastCommonMultiple(lengths) / Math.min(...lengths) <= repeatsMax
  )
}

const extrasShape = (extras: Condition['extras'] = {}): string =>
  Object.entries(extras)
    .map(([name, { shape }]) => `${name} ${shape.slice(1)}`)
    .join()

function leastCommonMultiple(values: readonly number[]): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))
  return values.reduce((a, b) => (a * b) / divisor(a, b))
}

const f32 = Math.fround

/** One forward for all pieces. → x0 of each, [B,C,area.height,area.width]. */
async function evaluate(
  network: Network,
  sampling: ModelSampling,
  pieces: readonly Piece[],
  x: Tensor,
  sigma: number,
  { seen, reuse, without }: Beside,
): Promise<Float32Array[]> {
  const batch = x.shape[0]!
  const { input, skip, output } = scalesAt(sampling, sigma)
  const crops = pieces.map(({ area }) => cropTo(x, area))
  const tokens = leastCommonMultiple(pieces.map(({ condition }) => condition.context.shape[1]!))
  const contexts = pieces.map(({ condition: { context } }) =>
    repeatTokens(repeatBatch(context, batch), tokens),
  )
  const vectors = pieces.flatMap(({ condition: { y } }) => (y ? [repeatBatch(y, batch)] : []))
  const noisy = concatBatches(crops)
  const scaled = tensor(
    noisy.shape,
    noisy.data.map(value => value * input),
  )
  const asked = {
    x: scaled,
    timesteps: new Float32Array(pieces.length * batch).fill(sampling.timestep(sigma)),
    sigma,
    context: concatBatches(contexts),
    y: vectors.length > 0 ? concatBatches(vectors) : undefined,
    extras: stackExtras(pieces, batch),
    gligen: pieces[0]!.condition.gligen,
    blocks: network.blocks,
    base: network.base,
  }
  const texts = pieces.flatMap(({ condition: { controlText } }) =>
    controlText ? [repeatBatch(controlText, batch)] : [],
  )
  const read = texts.length > 0 ? { ...asked, context: concatBatches(texts) } : asked
  const watch = seen && ((all: Tensor) => eachPiece(pieces, all, seen))
  const forward = async (): Promise<Tensor> => {
    const control = await controlAt(pieces[0]!.condition.control, sampling, sigma, read, batch)
    const whole = withJoined(scaled, pieces, batch)
    return network.forward({ ...asked, x: whole, control, watch, without })
  }
  const conditions = pieces.map(({ condition }) => condition)
  // What is looked at is known only of a network that runs.
  const answer =
    reuse && !seen ? await reuse.answer(conditions, scaled, sigma, forward) : await forward()
  const size = crops[0]!.data.length
  return crops.map(({ data }, p) =>
    data.map((value, i) => f32(skip * value) + f32(output * answer.data[p * size + i]!)),
  )
}

/** Hands each piece's rows of [B·pieces,T] on. */
function eachPiece(pieces: readonly Piece[], { shape, data }: Tensor, seen: SeenAttention): void {
  const batch = shape[0]! / pieces.length
  const size = batch * shape[1]!
  for (const [i, { side }] of pieces.entries())
    seen(side, tensor([batch, shape[1]!], data.slice(i * size, (i + 1) * size)))
}

/** Puts the channels that a network sees beside the latent behind the latent's own. */
function withJoined(x: Tensor, pieces: readonly Piece[], batch: number): Tensor {
  if (!pieces[0]!.condition.joined) return x
  const more = concatBatches(
    pieces.map(({ condition: { joined }, area }) => cropTo(repeatBatch(joined!, batch), area)),
  )
  const [count, channels, height, width] = x.shape as [number, number, number, number]
  const [own, others] = [channels * height * width, more.shape[1]! * height * width]
  const out = tensor([count, channels + more.shape[1]!, height, width])
  for (let i = 0; i < count; i++) {
    out.data.set(x.data.subarray(i * own, (i + 1) * own), i * (own + others))
    out.data.set(more.data.subarray(i * others, (i + 1) * others), i * (own + others) + own)
  }
  return out
}

/** Pieces of one forward have the same extras. */
function stackExtras(pieces: readonly Piece[], batch: number): NetworkInput['extras'] {
  const names = Object.keys(pieces[0]!.condition.extras ?? {})
  const all = (name: string) =>
    concatBatches(pieces.map(({ condition }) => repeatBatch(condition.extras![name]!, batch)))
  return names.length > 0 ? Object.fromEntries(names.map(name => [name, all(name)])) : undefined
}

/** Repeating all tokens evenly leaves attention as it is. */
function repeatTokens(context: Tensor, tokens: number): Tensor {
  const [batch, length, width] = context.shape as [number, number, number]
  if (length === tokens) return context
  const out = tensor([batch, tokens, width])
  const size = length * width
  for (let b = 0; b < batch; b++)
    for (let r = 0; r < tokens / length; r++)
      out.data.set(context.data.subarray(b * size, (b + 1) * size), b * tokens * width + r * size)
  return out
}
