// ControlNets of diffusion transformers: some blocks like the network's own, whose outcomes are
// residuals for it. They see the encoded picture. Names as in diffusers (Apache-2.0):
// https://github.com/huggingface/diffusers/tree/main/src/diffusers/models/controlnets
import { basename } from 'node:path'
import { resizeCovering } from '../image/resize.ts'
import { ModelError } from '../inference/model-error.ts'
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import type { Ids } from '../inference/session.ts'
import type { SessionPool, SessionRecipe } from '../inference/session-pool.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { scaled } from '../sampling/sample.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { hintLayers } from './controlnet.ts'
import { authorsNames } from './diffusers-transformers.ts'
import { beginFlux, fluxFeeds, fluxSize } from './flux.ts'
import type {
  ControlNet,
  ControlResiduals,
  HintParts,
  LatentFormat,
  NetworkBlocks,
  NetworkInput,
} from './kinds.ts'
import { beginMmdit, mmditFeeds, mmditSize } from './mmdit.ts'
import { patchesIn, patchSide, toPatches } from './patches.ts'
import { toPlanes, withMask } from './planes.ts'
import { identity, weightBytes } from './recipe.ts'
import { diffusionPrefix, withDiffusionPrefix } from './transformer.ts'
import { fluxLatent, sd3Latent } from './transformer-families.ts'
import { TransformerLayers } from './transformer-layers.ts'

const at = diffusionPrefix

/** What the families have of their own. */
interface Family {
  latent: LatentFormat
  contextWidth: number
  pooledWidth: number
  /** Of the residuals. */
  hidden: number
  /** Channels of the hint: the latent's, and a mask's where it was trained for inpainting. */
  hintChannels: number
  /** XLabs' see the picture itself, and repeat their few residuals rather than stretch them. */
  seesPixels?: boolean
  /** How many kinds of pictures it knows; 0 if it is no union. */
  kinds: number
  /** Outputs `input.0` … and `output.0` … */
  build(told: boolean): OnnxGraph
  feeds(input: NetworkInput, hint: Tensor, kind: number | undefined): Record<string, Tensor | Ids>
}

/** Kinds of Flux' unions by what `SetUnionControlNetType` calls them, by its numbers. */
const fluxKinds = [4, 2, undefined, 0, undefined, undefined, 1, undefined]

/** Undefined if the file is none. */
export function transformerControl(file: Weights, pool: SessionPool): ControlNet | undefined {
  const has = (key: string) => file.tensors.has(key)
  if (has('controlnet_blocks.0.weight') && has('double_blocks.0.img_mod.lin.weight'))
    return has('pos_embed_input.weight')
      ? new TransformerControl(file, pool, xlabsFamily(withDiffusionPrefix(file)))
      : undefined
  if (!has('controlnet_blocks.0.weight') || !has('transformer_blocks.0.norm1.linear.weight'))
    return undefined
  if (has('pos_embed_input.proj.weight') && has('context_embedder.weight'))
    return new TransformerControl(file, pool, sd3Family(authorsNames(file, 'sd3')))
  if (has('controlnet_x_embedder.weight') && !has('input_hint_block.conv_in.weight'))
    return new TransformerControl(file, pool, fluxFamily(authorsNames(file, 'flux')))
  return undefined
}

class TransformerControl implements ControlNet {
  private readonly file: Weights
  private readonly pool: SessionPool
  private readonly family: Family
  private kind: number | undefined

  constructor(file: Weights, pool: SessionPool, family: Family) {
    this.file = file
    this.pool = pool
    this.family = family
  }

  private get name(): string {
    return basename(this.file.file)
  }

  get takesMask(): boolean {
    return this.family.hintChannels > this.family.latent.channels
  }

  withType(type: number | undefined): ControlNet {
    const { kinds } = this.family
    if (kinds === 0) return this
    const kind = type === undefined ? undefined : fluxKinds[type]
    if (type !== undefined && (kind === undefined || kind >= kinds))
      throw new ModelError(
        `${this.name} was not trained for this kind of picture. Choose another type, or "auto".`,
      )
    const copy = Object.create(this) as TransformerControl
    copy.kind = kind
    return copy
  }

  async hint(image: Tensor, width: number, height: number, { vae, keep }: HintParts = {}) {
    const { latent } = this.family
    if (this.family.seesPixels) return pixelHint(image, width, height)
    if (!vae)
      throw new ModelError(
        `${this.name} works on latents. Connect the VAE of the model to the node that applies it.`,
      )
    if (this.takesMask && !keep)
      throw new ModelError(
        `${this.name} was made for inpainting. Apply it with "ControlNetInpaintingAliMamaApply".`,
      )
    const { downscale } = vae
    const fitted = resizeCovering(image, width * downscale, height * downscale, 'nearest-exact')
    const encoded = await vae.encode(fitted)
    const picture = tensor(encoded.shape, scaled(encoded, latent))
    return this.takesMask ? withMask(picture, keep!) : picture
  }

  async residuals(input: NetworkInput, hint: Tensor): Promise<ControlResiduals> {
    const { blocks } = input
    this.check(input)
    const feeds = this.family.feeds(input, hint, this.kind)
    const answers = await this.pool.run(this.recipe(), feeds)
    const of = (which: 'input' | 'output') => {
      const own: Tensor[] = []
      for (let n = 0; answers[`${which}.${n}`]; n++) own.push(answers[`${which}.${n}`]!)
      return spread(own, blocks![which], this.family.seesPixels ? 'repeat' : 'stretch')
    }
    return { input: of('input'), output: of('output') }
  }

  private recipe(): SessionRecipe {
    const told = this.kind !== undefined
    return {
      key: `transformer controlnet ${told ? 'told ' : ''}${identity(this.file)}`,
      file: this.file.file,
      costBytes: weightBytes(this.file, ''),
      build: () => this.family.build(told),
    }
  }

  private check({ x, context, y, blocks }: NetworkInput): void {
    const { latent, contextWidth, pooledWidth, hidden } = this.family
    const fits =
      blocks?.width === hidden &&
      x.shape[1] === latent.channels &&
      context.shape[2] === contextWidth &&
      y?.shape[1] === pooledWidth
    if (fits) return
    throw new ModelError(
      `The ControlNet ${this.name} was made for another model than the one it is used with. Choose a ` +
        'ControlNet for this model.',
    )
  }
}

/** A residual for each of `count` blocks: few serve several that follow one another, or in turn. */
function spread(own: readonly Tensor[], count: number, how: 'stretch' | 'repeat'): Tensor[] {
  if (own.length === 0) return []
  const times = Math.ceil(count / own.length)
  const place = (block: number) =>
    how === 'stretch' ? Math.floor(block / times) : block % own.length
  return Array.from({ length: count }, (_, block) => own[place(block)]!)
}

/** From -1 to 1, for whole patches. */
function pixelHint(image: Tensor, width: number, height: number): Tensor {
  const side = (latent: number) => patchesIn(latent) * patchSide * fluxLatent.downscale
  const fitted = resizeCovering(image, side(width), side(height), 'nearest-exact')
  const count = fitted.shape[0]!
  const planes = Array.from({ length: count }, (_, i) =>
    toPlanes(fitted, i, { gain: 2, offset: -1 }),
  )
  const out = tensor([count, ...planes[0]!.shape.slice(1)])
  for (const [i, { data }] of planes.entries()) out.data.set(data, i * data.length)
  return out
}

function sd3Family(weights: Weights): Family {
  const size = mmditSize(weights)
  const embedder = `${at}pos_embed_input.proj`
  const hintChannels = weight(weights, `${embedder}.weight`).shape[1]!
  const hintWidth = hintChannels * patchSide ** 2
  return {
    latent: sd3Latent,
    contextWidth: size.contextWidth,
    pooledWidth: size.pooledWidth,
    hidden: size.hidden,
    hintChannels,
    kinds: 0,
    build() {
      const graph = new OnnxGraph()
      const layers = new TransformerLayers(graph, weights)
      const { net, picture, text } = beginMmdit(layers, size)
      const hint = graph.input('hint', DataType.float, ['B', 'T', hintWidth])
      const seen = net.embedPatches(hint, 'pos_embed_input.proj', hintWidth)
      net.blocks(layers.add(picture, seen), text, (x, n) =>
        residual(layers, x, 'input', n, `${at}controlnet_blocks.${n}`),
      )
      return graph
    },
    feeds: (input, hint) => ({
      ...mmditFeeds(weights, size, input),
      // Trained without the pooled text.
      y: tensor(input.y!.shape),
      hint: toPatches(hint, 'channels-first'),
    }),
  }
}

function fluxFamily(weights: Weights): Family {
  const size = fluxSize(weights)
  const hintWidth = weight(weights, `${at}controlnet_x_embedder.weight`).shape[1]!
  const modes = `${at}controlnet_mode_embedder.weight`
  return {
    latent: fluxLatent,
    contextWidth: size.contextWidth,
    pooledWidth: size.pooledWidth,
    hidden: size.hidden,
    hintChannels: hintWidth / patchSide ** 2,
    kinds: weights.tensors.get(modes)?.shape[0] ?? 0,
    build(told) {
      const graph = new OnnxGraph()
      const layers = new TransformerLayers(graph, weights)
      const { net, picture, text } = beginFlux(layers, size)
      const hint = graph.input('hint', DataType.float, ['B', 'T', hintWidth])
      const seen = layers.add(picture, layers.linear(hint, `${at}controlnet_x_embedder`))
      const words = told
        ? layers.join(layers.rowsOf(modes, graph.input('kind', DataType.int64, ['B', 1])), text)
        : text
      net.blocks(seen, words, {
        double: (x, n) => residual(layers, x, 'input', n, `${at}controlnet_blocks.${n}`),
        single: (x, n) => residual(layers, x, 'output', n, `${at}controlnet_single_blocks.${n}`),
      })
      return graph
    },
    feeds(input, hint, kind) {
      const feeds: Record<string, Tensor | Ids> = {
        ...fluxFeeds(size, input, kind === undefined ? 0 : 1),
        hint: toPatches(hint, 'channels-first'),
      }
      if (kind !== undefined) {
        const batch = input.x.shape[0]!
        feeds.kind = { shape: [batch, 1], data: new BigInt64Array(batch).fill(BigInt(kind)) }
      }
      return feeds
    },
  }
}

/** https://github.com/XLabs-AI/x-flux (Apache-2.0) */
function xlabsFamily(weights: Weights): Family {
  const size = fluxSize(weights)
  return {
    latent: fluxLatent,
    contextWidth: size.contextWidth,
    pooledWidth: size.pooledWidth,
    hidden: size.hidden,
    hintChannels: fluxLatent.channels,
    seesPixels: true,
    kinds: 0,
    build() {
      const graph = new OnnxGraph()
      const layers = new TransformerLayers(graph, weights)
      const { net, picture, text } = beginFlux(layers, size)
      const hint = graph.input('hint', DataType.float, ['B', 3, 'hintH', 'hintW'])
      const patches = patchesOf(layers, hintLayers(layers, hint, at))
      const seen = layers.linear(patches, `${at}pos_embed_input`)
      net.blocks(layers.add(picture, seen), text, {
        double: (x, n) => residual(layers, x, 'input', n, `${at}controlnet_blocks.${n}`),
      })
      return graph
    },
    feeds: (input, hint) => ({ ...fluxFeeds(size, input), hint }),
  }
}

/** [B,C,H,W] → [B,T,C·4], channels first. */
function patchesOf({ graph }: TransformerLayers, x: Value): Value {
  const shape = graph.op('Shape', [x], { start: 1 })
  const [channels, height, width] = graph.ops('Split', [shape], { axis: 0, num_outputs: 3 }, 3)
  const side = graph.ints([patchSide])
  const half = (size: Value) => graph.op('Div', [size, side])
  const batch = graph.op('Shape', [x], { start: 0, end: 1 })
  const dims = [batch, channels!, half(height!), side, half(width!), side]
  const apart = graph.op('Reshape', [x, graph.op('Concat', dims, { axis: 0 })])
  const turned = graph.op('Transpose', [apart], { perm: [0, 2, 4, 1, 3, 5] })
  const tokens = graph.op('Mul', [half(height!), half(width!)])
  const whole = graph.op('Mul', [channels!, graph.ints([patchSide ** 2])])
  return graph.op('Reshape', [turned, graph.op('Concat', [batch, tokens, whole], { axis: 0 })])
}

/** Puts out what a layer makes of the tokens, and leaves the tokens. */
function residual(
  layers: TransformerLayers,
  tokens: Value,
  which: keyof Omit<NetworkBlocks, 'width'>,
  block: number,
  key: string,
): Value {
  const name = `${which}.${block}`
  layers.graph.output(name, layers.linear(tokens, key), ['B', `${name} T`, `${name} C`])
  return tokens
}
