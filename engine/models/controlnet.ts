// ControlNet (https://arxiv.org/abs/2302.05543): a copy of the UNet's first half that sees a picture
// and answers with residuals for every skip of the UNet. Keys as in lllyasviel's ControlNet.
import { basename } from 'node:path'
import { resizeCovering } from '../image/resize.ts'
import { Layers } from '../inference/layers.ts'
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'
import { ModelError } from '../nodes/models.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { familiarControlNames } from './controlnet-names.ts'
import type { ControlNet, ControlResiduals, NetworkInput } from './kinds.ts'
import { toPlanes } from './planes.ts'
import { identity, weightBytes } from './recipe.ts'
import { type GraphOptions, Unet, type UnetConfig, unetConfig } from './unet.ts'

/** Image pixels per latent pixel: the hint's layers halve it three times. */
const downscale = 8
const hintStrides = [1, 1, 2, 1, 2, 1, 2, 1]

export class ControlNetModel implements ControlNet {
  private readonly config: UnetConfig
  private readonly recipe: SessionRecipe
  private readonly pool: SessionPool
  private readonly name: string

  constructor(file: Weights, pool: SessionPool) {
    const weights = familiarControlNames(file)
    const prefix = controlPrefix(weights)
    this.config = unetConfig(weights, prefix)
    this.pool = pool
    this.name = basename(weights.file)
    this.recipe = {
      key: `controlnet ${identity(weights)}`,
      costBytes: weightBytes(weights, prefix),
      build: () => buildControlNet(weights, this.config),
    }
  }

  hint(image: Tensor, width: number, height: number): Tensor {
    const fitted = resizeCovering(image, width * downscale, height * downscale, 'nearest-exact')
    const count = fitted.shape[0]!
    const planes = Array.from({ length: count }, (_, i) => toPlanes(fitted, i))
    const out = tensor([count, ...planes[0]!.shape.slice(1)])
    planes.forEach(({ data }, i) => {
      out.data.set(data, i * data.length)
    })
    return out
  }

  async residuals(input: NetworkInput, hint: Tensor): Promise<ControlResiduals> {
    this.check(input)
    const { x, timesteps, context, y } = input
    const feeds: Record<string, Tensor> = { x, context, hint }
    feeds.t = tensor([timesteps.length], timesteps)
    if (this.config.adm > 0) feeds.y = y!
    const answers = await this.pool.run(this.recipe, feeds)
    const output: Tensor[] = []
    for (let n = 0; answers[`skip.${n}`]; n++) output.push(answers[`skip.${n}`]!)
    return { middle: [answers.middle], output }
  }

  private check({ x, context, y }: NetworkInput): void {
    const { channels, contextWidth, adm } = this.config
    if (x.shape[1] === channels && context.shape[2] === contextWidth && (adm === 0 || y)) return
    throw new ModelError(
      `The ControlNet ${this.name} was made for another family of models than the checkpoint: it takes ` +
        `text of width ${contextWidth}, the conditioning has ${context.shape[2]}. Choose a ControlNet ` +
        'for this checkpoint.',
    )
  }
}

/** Residuals as inputs of a UNet built with `control`. */
export function controlFeeds({ middle, output = [] }: ControlResiduals): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {}
  if (middle?.[0]) feeds['control.middle'] = middle[0]
  output.forEach((residual, n) => {
    if (residual) feeds[`control.${n}`] = residual
  })
  return feeds
}

/** Inputs as the UNet's and hint [B,3,8H,8W]; outputs `middle` and `skip.0` …, first block first. */
export function buildControlNet(weights: Weights, config: UnetConfig, options: GraphOptions = {}) {
  const graph = new OnnxGraph()
  const layers = new Layers(graph, weights, options.profile)
  const x = graph.input('x', DataType.float, ['B', config.channels, 'H', 'W'])
  const t = graph.input('t', DataType.float, ['B'])
  const context = graph.input('context', DataType.float, ['B', 'S', config.contextWidth])
  const hint = graph.input('hint', DataType.float, ['B', 3, 'hintH', 'hintW'])
  const unet = new Unet(layers, config, context)
  const time = unet.timeEmbedding(t)
  const y = config.adm ? graph.input('y', DataType.float, ['B', config.adm]) : undefined
  unet.embedding = layers.silu(y ? layers.add(time, unet.label(y)) : time)
  const middle = unet.down(x, hintLayers(layers, hint, config.prefix))
  const output = (name: string, value: Value, key: string) =>
    graph.output(name, layers.conv(value, key), ['B', `${name} c`, `${name} h`, `${name} w`])
  unet.skips.forEach((skip, n) => {
    output(`skip.${n}`, skip, `${config.prefix}zero_convs.${n}.0`)
  })
  output('middle', middle, `${config.prefix}middle_block_out.0`)
  return graph
}

function hintLayers(layers: Layers, hint: Value, prefix: string): Value {
  return hintStrides.reduce((h, stride, n) => {
    const inner = n === 0 ? h : layers.silu(h)
    return layers.conv(inner, `${prefix}input_hint_block.${2 * n}`, { stride })
  }, hint)
}

/** @throws ModelError unless the file is a ControlNet in the layout that is read here. */
function controlPrefix(weights: Weights): string {
  const has = (key: string) => weights.tensors.has(key)
  const found = ['control_model.', ''].find(prefix => has(`${prefix}zero_convs.0.0.weight`))
  if (found !== undefined && has(`${found}input_hint_block.0.weight`)) return found
  throw new ModelError(
    `${basename(weights.file)} is no ControlNet that is read here: it belongs to another family, or is ` +
      'a Control-LoRA or T2I-Adapter. Choose a ControlNet for Stable Diffusion 1.x, 2.x or SDXL.',
  )
}
