// T2I-Adapter: a small network that sees a picture once and adds what it saw to the UNet's way down.
// https://arxiv.org/abs/2302.08453, keys as in TencentARC's T2I-Adapter (Apache-2.0)
import { resizeCovering } from '../image/resize.ts'
import { Layers } from '../inference/layers.ts'
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import { type Weight, type Weights, weight } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { ControlNet, ControlResiduals, NetworkInput } from './kinds.ts'
import { toPlanes } from './planes.ts'
import { identity, weightBytes } from './recipe.ts'

const latentScale = 8
const levels = 4

/**
 * What it answers with goes to the outcome of these input blocks: the last of each level for SD 1.x;
 * SDXL's starts after the first halving and ends in the middle block.
 */
const places = { sd: [2, 5, 8, 11], xl: [3, 5, 8, 'middle'] } as const

export interface AdapterConfig {
  /** Small ones have narrow levels and no first layer. */
  kind: 'full' | 'light'
  layout: keyof typeof places
  /** Pixels of the picture along each side of one of its own. */
  patch: number
  /** 3, or 1 for those that see grey pictures. */
  channels: number
  /** Residual layers a level. */
  perLevel: number
}

export const isT2iAdapter = ({ tensors }: Weights): boolean =>
  ['body.0.block1.weight', 'body.0.in_conv.weight', 'adapter.body.0.resnets.0.block1.weight'].some(
    key => tensors.has(key),
  )

export class T2iAdapter implements ControlNet {
  private readonly config: AdapterConfig
  private readonly recipe: SessionRecipe
  private readonly pool: SessionPool
  /** A picture is looked at once, however many steps follow. */
  private readonly seen = new WeakMap<Tensor, Promise<ControlResiduals>>()

  constructor(file: Weights, pool: SessionPool) {
    const weights = adapterNames(file)
    this.config = adapterConfig(weights)
    this.pool = pool
    this.recipe = {
      key: `t2i adapter ${identity(weights)}`,
      file: weights.file,
      costBytes: weightBytes(weights, ''),
      build: () => buildAdapter(weights, this.config),
    }
  }

  async hint(image: Tensor, width: number, height: number): Promise<Tensor> {
    const { patch, channels } = this.config
    const side = (latent: number) => Math.ceil((latent * latentScale) / patch) * patch
    const fitted = resizeCovering(image, side(width), side(height), 'nearest-exact')
    const [count, rows, columns] = fitted.shape as [number, number, number]
    const out = tensor([count, channels, rows, columns])
    const size = channels * rows * columns
    for (let i = 0; i < count; i++)
      out.data.set(channels === 1 ? grey(toPlanes(fitted, i)) : toPlanes(fitted, i).data, i * size)
    return out
  }

  residuals(_: NetworkInput, hint: Tensor): Promise<ControlResiduals> {
    const known = this.seen.get(hint) ?? this.look(hint)
    this.seen.set(hint, known)
    return known
  }

  private async look(hint: Tensor): Promise<ControlResiduals> {
    const answers = await this.pool.run(this.recipe, { hint })
    const residuals = { input: [] as (Tensor | undefined)[], middle: [] as Tensor[] }
    for (const [level, place] of places[this.config.layout].entries())
      if (place === 'middle') residuals.middle.push(answers[`${level}`]!)
      else residuals.input[place] = answers[`${level}`]!
    return { ...residuals, input: Array.from(residuals.input) }
  }
}

/** Mean of three planes. */
function grey({ data }: Tensor): Float32Array {
  const size = data.length / 3
  return Float32Array.from(
    { length: size },
    (_, i) => (data[i]! + data[size + i]! + data[2 * size + i]!) / 3,
  )
}

/** diffusers' names as TencentARC's. */
function adapterNames(weights: Weights): Weights {
  if (!weights.tensors.has('adapter.body.0.resnets.0.block1.weight')) return weights
  const light = !weights.tensors.has('adapter.conv_in.weight')
  let perLevel = 0
  while (weights.tensors.has(`adapter.body.0.resnets.${perLevel}.block1.weight`)) perLevel++
  const tensors = new Map<string, Weight>()
  for (const [name, tensor] of weights.tensors) {
    const own = name.replace(/^adapter\./, '')
    const [, level, layer, rest] = /^body\.(\d+)\.(?:resnets\.(\d+)\.)?(.+)$/.exec(own) ?? []
    const flat = `body.${Number(level) * perLevel + Number(layer ?? 0)}.${rest}`
    tensors.set(light || !level ? own.replace('.resnets.', '.body.') : flat, tensor)
  }
  return { ...weights, tensors }
}

function adapterConfig(weights: Weights): AdapterConfig {
  const count = (start: string, end: string) => {
    let n = 0
    while (weights.tensors.has(`${start}${n}${end}`)) n++
    return n
  }
  const first = weights.tensors.get('conv_in.weight')
  const kind = first ? 'full' : 'light'
  const inputs = (first ?? weight(weights, 'body.0.in_conv.weight')).shape[1]!
  // 1 or 3 channels of patches of 8 × 8, or of 16 × 16 for SDXL.
  const channels = inputs % 3 === 0 ? 3 : 1
  const patch = Math.sqrt(inputs / channels)
  const perLevel =
    kind === 'full'
      ? count('body.', '.block1.weight') / levels
      : count('body.0.body.', '.block1.weight')
  return { kind, layout: patch === 16 ? 'xl' : 'sd', patch, channels, perLevel }
}

/** Input hint [B,C,H,W], a multiple of `patch`; outputs `0` … `3`, one a level. */
function buildAdapter(weights: Weights, config: AdapterConfig): OnnxGraph {
  const { kind, layout, patch, channels, perLevel } = config
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights)
  const hint = graph.input('hint', DataType.float, ['B', channels, 'H', 'W'])
  const patches = unshuffled(graph, hint, channels, patch)
  let x = kind === 'full' ? layers.conv(patches, 'conv_in') : patches
  for (let level = 0; level < levels; level++) {
    const key = `body.${level * perLevel}.down_opt.op`
    if (layers.has(`${key}.weight`)) x = layers.conv(x, key, { stride: 2 })
    else if (layout === 'xl' ? level === 2 : level > 0) x = halved(graph, x)
    x = kind === 'full' ? full(layers, x, level * perLevel, perLevel) : light(layers, x, level)
    graph.output(`${level}`, x, ['B', `c ${level}`, `h ${level}`, `w ${level}`])
  }
  return graph
}

/** PyTorch's pixel_unshuffle: a pixel's channel comes before its place in the patch. */
function unshuffled(graph: OnnxGraph, x: Value, channels: number, patch: number): Value {
  const shape = graph.op('Shape', [x], { start: 2, end: 4 })
  const [rows, columns] = graph.ops('Split', [shape], { axis: 0, num_outputs: 2 }, 2)
  const side = graph.ints([patch])
  const part = (size: Value) => graph.op('Div', [size, side])
  const batch = graph.op('Shape', [x], { start: 0, end: 1 })
  const dims = [batch, graph.ints([channels]), part(rows!), side, part(columns!), side]
  const apart = graph.op('Reshape', [x, graph.op('Concat', dims, { axis: 0 })])
  const turned = graph.op('Transpose', [apart], { perm: [0, 1, 3, 5, 2, 4] })
  const flat = [batch, graph.ints([channels * patch ** 2]), part(rows!), part(columns!)]
  return graph.op('Reshape', [turned, graph.op('Concat', flat, { axis: 0 })])
}

/** Means of 2 × 2; an odd side's last are of fewer. */
const halved = (graph: OnnxGraph, x: Value): Value =>
  graph.op('AveragePool', [x], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 })

function full(layers: Layers, x: Value, from: number, count: number): Value {
  for (let n = from; n < from + count; n++) {
    if (layers.has(`body.${n}.in_conv.weight`)) x = layers.conv(x, `body.${n}.in_conv`)
    x = residual(layers, x, `body.${n}`)
  }
  return x
}

function light(layers: Layers, x: Value, level: number): Value {
  x = layers.conv(x, `body.${level}.in_conv`)
  for (let n = 0; layers.has(`body.${level}.body.${n}.block1.weight`); n++)
    x = residual(layers, x, `body.${level}.body.${n}`)
  return layers.conv(x, `body.${level}.out_conv`)
}

function residual(layers: Layers, x: Value, key: string): Value {
  const h = layers.graph.op('Relu', [layers.conv(x, `${key}.block1`)])
  const skip = layers.has(`${key}.skep.weight`) ? layers.conv(x, `${key}.skep`) : x
  return layers.add(skip, layers.conv(h, `${key}.block2`))
}
