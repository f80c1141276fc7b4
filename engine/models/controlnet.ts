// ControlNet (https://arxiv.org/abs/2302.05543): a copy of the UNet's first half that sees a picture
// and answers with residuals for every skip of the UNet. Keys as in lllyasviel's ControlNet.
import { basename } from 'node:path'
import { resizeCovering } from '../image/resize.ts'
import { Layers } from '../inference/layers.ts'
import { ModelError } from '../inference/model-error.ts'
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import type { Ids } from '../inference/session.ts'
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { familiarControlNames } from './controlnet-names.ts'
import { kindEmbedding, shiftedHint, unionFeeds } from './controlnet-union.ts'
import type { ControlNet, ControlResiduals, NetworkInput } from './kinds.ts'
import { checkLayout } from './layout.ts'
import { controlNetLayout } from './layouts-diffusion.ts'
import type { NetworkBase } from './network-base.ts'
import { toPlanes } from './planes.ts'
import { identity, weightBytes } from './recipe.ts'
import { sharedRows } from './shared-rows.ts'
import { diffusionPrefix } from './transformer.ts'
import { type GraphOptions, Unet, type UnetConfig, unetConfig } from './unet.ts'

/** Image pixels per latent pixel: the hint's layers halve it three times. */
const downscale = 8
const hintStrides = [1, 1, 2, 1, 2, 1, 2, 1]

export class ControlNetModel implements ControlNet {
  private readonly weights: Weights
  private readonly config: UnetConfig
  private readonly pool: SessionPool
  private readonly over: NetworkBase | undefined
  readonly hint = seenPicture
  private kind: number | undefined

  /** @param over a UNet, for files that hold only what differs from it */
  constructor(file: Weights, pool: SessionPool, over?: NetworkBase) {
    this.weights = over?.weights ?? familiarControlNames(file)
    this.config = unetConfig(this.weights, controlPrefix(this.weights))
    this.pool = pool
    this.over = over
  }

  /** How many kinds of pictures a union knows; 0 if it is none. */
  private get kinds(): number {
    return this.weights.tensors.get('task_embedding')?.shape[0] ?? 0
  }

  /** Without it, or with none, a union is not told what it sees. Others see one kind only. */
  withType(type: number | undefined): ControlNet {
    if (this.kinds === 0) return this
    if (type !== undefined && type >= this.kinds)
      throw new ModelError(
        `${basename(this.weights.file)} knows ${this.kinds} kinds of pictures, not this one. Choose ` +
          'another type, or a newer union ControlNet.',
      )
    const copy = Object.create(this) as ControlNetModel
    copy.kind = type
    return copy
  }

  async residuals(input: NetworkInput, hint: Tensor): Promise<ControlResiduals> {
    this.check(input)
    const { x, timesteps, context, y } = input
    const pictures = { x, hint, t: tensor([timesteps.length], timesteps) }
    const feeds: Record<string, Tensor | Ids> = { ...sharedRows(pictures), context }
    if (this.config.adm > 0) feeds.y = y!
    Object.assign(feeds, this.over?.strengths)
    if (this.kinds > 0) Object.assign(feeds, unionFeeds(this.kinds, this.kind))
    const answers = await this.pool.run(this.recipe(), feeds)
    const output: Tensor[] = []
    for (let n = 0; answers[`skip.${n}`]; n++) output.push(answers[`skip.${n}`]!)
    if (!isAveraging(this.weights)) return { middle: [answers.middle], output }
    return { middle: [averaged(answers.middle!)], output: output.map(averaged) }
  }

  private recipe(): SessionRecipe {
    const { weights, config, over, kinds } = this
    const union = kinds > 0 && (this.kind === undefined ? 'untold' : 'told')
    return {
      key: [`controlnet ${union || ''}`, identity(weights), ...(over ? [over.key] : [])].join(
        ' | ',
      ),
      file: weights.file,
      costBytes: weightBytes(weights, config.prefix),
      build: () => {
        checkLayout(weights, config.prefix, controlNetLayout)
        return buildControlNet(weights, config, { branches: over?.branches(), union })
      },
    }
  }

  private check({ x, context, y }: NetworkInput): void {
    const { channels, contextWidth, adm } = this.config
    if (x.shape[1] === channels && context.shape[2] === contextWidth && (adm === 0 || y)) return
    throw new ModelError(
      `The ControlNet ${basename(this.weights.file)} was made for another family of models than the ` +
        `checkpoint: it takes text of width ${contextWidth}, the conditioning has ` +
        `${context.shape[2]}. Choose a ControlNet ` +
        'for this checkpoint.',
    )
  }
}

/** Pictures [B,H,W,3] for latents of this size → [B,3,8h,8w]. */
export async function seenPicture(image: Tensor, width: number, height: number): Promise<Tensor> {
  const fitted = resizeCovering(image, width * downscale, height * downscale, 'nearest-exact')
  const count = fitted.shape[0]!
  const planes = Array.from({ length: count }, (_, i) => toPlanes(fitted, i))
  const out = tensor([count, ...planes[0]!.shape.slice(1)])
  planes.forEach(({ data }, i) => {
    out.data.set(data, i * data.length)
  })
  return out
}

/**
 * ControlNets that take a picture's colours and content but not its layout were trained with the mean
 * of each residual; only their names say so. https://github.com/lllyasviel/ControlNet-v1-1-nightly
 */
const isAveraging = ({ file }: Weights): boolean => /_shuffle(_fp16)?\.\w+$/.test(file)

/** [B,C,h,w] with the mean of each plane everywhere. */
function averaged({ shape, data }: Tensor): Tensor {
  const size = shape[2]! * shape[3]!
  const out = tensor(shape)
  for (let at = 0; at < data.length; at += size) {
    const sum = data.subarray(at, at + size).reduce((a, b) => a + b, 0)
    out.data.fill(sum / size, at, at + size)
  }
  return out
}

interface ControlOptions extends GraphOptions {
  union?: 'told' | 'untold' | false
}

/** Inputs as the UNet's and hint [P,3,8H,8W]; outputs `middle` and `skip.0` …, first block first. */
function buildControlNet(weights: Weights, config: UnetConfig, options: ControlOptions = {}) {
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights, options.profile, options.branches)
  const x = graph.input('x', DataType.float, ['P', config.channels, 'H', 'W'])
  const t = graph.input('t', DataType.float, ['P'])
  const context = graph.input('context', DataType.float, ['B', 'S', config.contextWidth])
  const hint = graph.input('hint', DataType.float, ['P', 3, 'hintH', 'hintW'])
  const unet = new Unet(layers, config, context)
  unet.texts = graph.op('Shape', [context], { start: 0, end: 1 })
  let time = unet.timeEmbedding(t)
  if (options.union)
    time = layers.add(time, kindEmbedding(layers, layers.shape('task_embedding')[0]!))
  const y = config.adm ? graph.input('y', DataType.float, ['B', config.adm]) : undefined
  unet.embedding = layers.silu(y ? layers.add(time, unet.label(y)) : time)
  const seen = hintLayers(layers, hint, config.prefix)
  const joined = options.union === 'told' ? shiftedHint(layers, seen) : seen
  const middle = unet.down(x, joined)
  const output = (name: string, value: Value, key: string) =>
    graph.output(name, layers.conv(value, key), ['B', `${name} c`, `${name} h`, `${name} w`])
  unet.skips.forEach((skip, n) => {
    output(`skip.${n}`, skip, `${config.prefix}zero_convs.${n}.0`)
  })
  output('middle', middle, `${config.prefix}middle_block_out.0`)
  return graph
}

/** A picture [B,3,8H,8W] down to the size of its latent. */
export function hintLayers(layers: Layers, hint: Value, prefix: string): Value {
  return hintStrides.reduce((h, stride, n) => {
    const inner = n === 0 ? h : layers.silu(h)
    return layers.conv(inner, `${prefix}input_hint_block.${2 * n}`, { stride })
  }, hint)
}

/** @throws ModelError unless the file is a ControlNet in the layout that is read here. */
function controlPrefix(weights: Weights): string {
  const has = (key: string) => weights.tensors.has(key)
  const found = ['control_model.', '', diffusionPrefix].find(prefix =>
    has(`${prefix}zero_convs.0.0.weight`),
  )
  if (found !== undefined && has(`${found}input_hint_block.0.weight`)) return found
  throw new ModelError(
    `${basename(weights.file)} is no ControlNet that is read here: it belongs to another family. ` +
      'Choose a ControlNet, Control-LoRA or T2I-Adapter for Stable Diffusion or Flux.',
  )
}
