// Two families of upscalers, every size read off the weights: RRDB nets (ESRGAN, Real-ESRGAN;
// https://arxiv.org/abs/1809.00219) and compact ones (SRVGGNetCompact of Real-ESRGAN).
import { Layers } from '../inference/layers.ts'
import { DataType, OnnxGraph, real, type Value } from '../inference/onnx-graph.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { conv, type Layout, type Part, type Tensors } from './layout.ts'
import type { UpscaleNetwork } from './upscale-network.ts'

interface Config {
  family: 'rrdb' | 'compact'
  /** Output pixels per input pixel. */
  scale: number
  /** The picture is folded into channels first, this many pixels an edge. */
  unshuffle: number
  /** Channels of a feature map. */
  features: number
  /** Keys of the layers by their part in the network. */
  keys: RrdbKeys
}

interface RrdbKeys {
  first: string
  /** Key of dense block `dense` (1..3) of block `n`, without `.convI`. */
  block(n: number, dense: number): string
  /** What follows `convI` in a key. */
  convEnd: string
  trunk: string
  ups: string[]
  high: string
  last: string
}

/** Undefined if the file holds neither. */
export function openEsrgan(weights: Weights): UpscaleNetwork | undefined {
  const config = configOf(weights)
  if (!config) return undefined
  const { family, features, scale, unshuffle } = config
  return {
    name: family === 'rrdb' ? 'ESRGAN' : 'compact ESRGAN',
    scale,
    least: family === 'rrdb' ? 2 : 1,
    // Folded networks take multiples of four.
    multiple: unshuffle > 1 ? 4 : 1,
    maps: family === 'compact' ? features : features * scale ** 2,
    layout: family === 'compact' ? compactLayout(config) : rrdbLayout(config),
    build: () => build(weights, config),
  }
}

function configOf(weights: Weights): Config | undefined {
  const has = (key: string) => weights.tensors.has(key)
  const keys = has('conv_first.weight') ? newKeys(weights) : oldKeys(weights)
  const dense = keys && ['conv1', 'conv2'].map(name => `${keys.block(0, 1)}.${name}${keys.convEnd}`)
  if (keys && dense?.some(key => has(`${key}.weight`))) return rrdbConfig(weights, keys)
  return has('body.0.weight') && has('body.1.weight') ? compactConfig(weights) : undefined
}

function rrdbLayout({ keys, unshuffle }: Config): Layout {
  const dense = (name: string): Tensors => {
    const at = (n: number) => `${name}.conv${n}${keys.convEnd}`
    const four = [1, 2, 3, 4].map(n => conv(at(n), n === 1 ? 'F' : `F+${n - 1}G`, 'G'))
    return Object.assign(conv(at(5), 'F+4G', 'F'), ...four)
  }
  const shortcut = (name: string): Tensors => ({ [`${name}.conv1x1.weight`]: ['G', 'F', 1, 1] })
  const numbered = keys.block(0, 1).replace('.0.', '.#.')
  const [place = '', first = ''] = [/^.*#/.exec(numbered)?.[0], numbered.split('.').at(-1)]
  const rdbs = [1, 2, 3].map(n => first.replace('1', String(n)))
  const blocks: Part = {
    at: place,
    tensors: Object.assign({}, ...rdbs.map(dense)),
    optional: [{ tensors: Object.assign({}, ...rdbs.map(name => shortcut(name))) }],
  }
  const ends: Part = {
    at: '',
    tensors: Object.assign(
      conv(keys.first, 3 * unshuffle ** 2, 'F'),
      conv(keys.trunk, 'F', 'F'),
      conv(keys.high, 'F', 'F'),
      conv(keys.last, 'F', 3),
      ...keys.ups.map(key => conv(key, 'F', 'F')),
    ),
  }
  return { parts: [ends, blocks], counted: [place] }
}

/** Convolutions and activations take turns. */
function compactLayout({ keys }: Config): Layout {
  const last = Number(keys.last.split('.')[1])
  const layers = Array.from({ length: last + 1 }, (_, n): Tensors => {
    const key = `body.${n}`
    if (n % 2 === 1) return { [`${key}.weight`]: ['F'] }
    return conv(key, n === 0 ? 3 : 'F', n === last ? 'OUT' : 'F')
  })
  return { parts: [{ at: '', tensors: Object.assign({}, ...layers) }] }
}

/** Real-ESRGAN's, or those of ESRGAN's first network, which RealSR and BSRGAN kept. */
function newKeys({ tensors }: Weights): RrdbKeys {
  const early = tensors.has('trunk_conv.weight') || tensors.has('HRconv.weight')
  const ups = [1, 2, 3].map(n => (early ? `upconv${n}` : `conv_up${n}`))
  return {
    first: 'conv_first',
    block: (n, dense) => (early ? `RRDB_trunk.${n}.RDB${dense}` : `body.${n}.rdb${dense}`),
    convEnd: '',
    trunk: early ? 'trunk_conv' : 'conv_body',
    // Either of a layer's tensors will do: the other is asked for later.
    ups: ups.filter(key => tensors.has(`${key}.weight`) || tensors.has(`${key}.bias`)),
    high: early ? 'HRconv' : 'conv_hr',
    last: 'conv_last',
  }
}

/** `model.0`, `model.1.sub.N`, then upsampling convolutions, one at full size, and the last. */
function oldKeys(weights: Weights): RrdbKeys | undefined {
  const numbers = (pattern: RegExp) =>
    [...weights.tensors.keys()].flatMap(key => pattern.exec(key)?.[1] ?? []).map(Number)
  const top = numbers(/^model\.(\d+)\.weight$/).sort((a, b) => a - b)
  const trunk = numbers(/^model\.1\.sub\.(\d+)\.weight$/)[0]
  if (top[0] !== 0 || top.length < 3 || trunk === undefined) return undefined
  const tail = top.slice(1).map(n => `model.${n}`)
  return {
    first: 'model.0',
    block: (n, dense) => `model.1.sub.${n}.RDB${dense}`,
    convEnd: '.0',
    trunk: `model.1.sub.${trunk}`,
    ups: tail.slice(0, -2),
    high: tail.at(-2)!,
    last: tail.at(-1)!,
  }
}

function rrdbConfig(weights: Weights, keys: RrdbKeys): Config {
  const [features, channels] = weight(weights, `${keys.first}.weight`).shape as [number, number]
  const unshuffle = Math.sqrt(channels / 3)
  const scale = 2 ** keys.ups.length / unshuffle
  return { family: 'rrdb', scale, unshuffle, features, keys }
}

function compactConfig(weights: Weights): Config {
  const numbers = [...weights.tensors.keys()].flatMap(key => /^body\.(\d+)\./.exec(key)?.[1] ?? [])
  const last = `body.${Math.max(...numbers.map(Number))}`
  const features = weight(weights, 'body.0.weight').shape[0]!
  const scale = Math.sqrt(weight(weights, `${last}.weight`).shape[0]! / 3)
  const keys = { ...newKeys(weights), first: 'body.0', last }
  return { family: 'compact', scale, unshuffle: 1, features, keys }
}

/** Input `image` [B,3,H,W] in 0..1, H and W multiples of `unshuffle`; output `out`. */
function build(weights: Weights, config: Config): OnnxGraph {
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights)
  const image = graph.input('image', DataType.float, ['B', 3, 'H', 'W'])
  const out =
    config.family === 'rrdb' ? rrdb(layers, image, config) : compact(layers, image, config)
  graph.output('out', out, ['B', 3, 'OH', 'OW'])
  return graph
}

function rrdb(layers: Layers, image: Value, { keys, unshuffle }: Config): Value {
  const { graph } = layers
  const leaky = (x: Value) => graph.op('LeakyRelu', [x], { alpha: real(0.2) })
  const damped = (x: Value) => graph.op('Mul', [x, graph.scalar(0.2)])
  const dense = (x: Value, key: string): Value => {
    // ESRGAN+ has shortcuts past every other layer: https://arxiv.org/abs/2001.08073
    const plus = layers.has(`${key}.conv1x1.weight`)
    const states = [x]
    for (let i = 1; i <= 4; i++) {
      const y = leaky(layers.conv(join(states), `${key}.conv${i}${keys.convEnd}`))
      const past = () => (i === 2 ? layers.conv(x, `${key}.conv1x1`) : states[2]!)
      states.push(plus && i % 2 === 0 ? layers.add(y, past()) : y)
    }
    return layers.add(damped(layers.conv(join(states), `${key}.conv5${keys.convEnd}`)), x)
  }
  const join = (states: Value[]) =>
    states.length === 1 ? states[0]! : graph.op('Concat', states, { axis: 1 })

  const folded = unshuffle > 1 ? fold(graph, image, unshuffle) : image
  const first = layers.conv(folded, keys.first)
  let h = first
  for (let n = 0; layers.has(`${keys.block(n, 1)}.conv1${keys.convEnd}.weight`); n++)
    h = layers.add(damped([1, 2, 3].reduce((y, i) => dense(y, keys.block(n, i)), h)), h)
  h = layers.add(first, layers.conv(h, keys.trunk))
  for (const up of keys.ups) h = leaky(layers.conv(layers.upsample(h), up))
  return layers.conv(leaky(layers.conv(h, keys.high)), keys.last)
}

/** Pixel-unshuffle: [B,3,H,W] → [B,3·n²,H/n,W/n], channel-major. */
function fold(graph: OnnxGraph, x: Value, n: number): Value {
  const shape = graph.op('Shape', [x], { start: 2, end: 4 })
  const small = graph.op('Div', [shape, graph.ints([n, n])])
  const [height, width] = graph.ops('Split', [small], { axis: 0, num_outputs: 2 }, 2)
  const shape6 = graph.op(
    'Concat',
    [graph.ints([-1, 3]), height!, graph.ints([n]), width!, graph.ints([n])],
    { axis: 0 },
  )
  const cut = graph.op('Reshape', [x, shape6])
  const moved = graph.op('Transpose', [cut], { perm: [0, 1, 3, 5, 2, 4] })
  const shape4 = graph.op('Concat', [graph.ints([-1, 3 * n * n]), height!, width!], { axis: 0 })
  return graph.op('Reshape', [moved, shape4])
}

function compact(layers: Layers, image: Value, { keys, scale }: Config): Value {
  const { graph } = layers
  const lastIndex = Number(keys.last.split('.')[1])
  let h = image
  for (let n = 0; n <= lastIndex; n++) {
    const key = `body.${n}`
    if (!layers.has(`${key}.weight`)) continue
    const shape = layers.shape(`${key}.weight`)
    h =
      shape.length === 4
        ? layers.conv(h, key)
        : graph.op('PRelu', [h, layers.weight(`${key}.weight`, [shape[0]!, 1, 1])])
  }
  const details = graph.op('DepthToSpace', [h], { blocksize: scale, mode: 'CRD' })
  const scales = graph.floats(`scales:${scale}`, [4], Float32Array.of(1, 1, scale, scale))
  const plain = graph.op('Resize', [image, '', scales], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  })
  return layers.add(details, plain)
}
