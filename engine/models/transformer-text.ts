// The text encoders of SD3 and Flux: CLIP for the pooled text, T5 for the words, each from a file of
// its own or from a checkpoint.
import { basename } from 'node:path'
import { ModelError } from '../inference/model-error.ts'
import type { Watch } from '../inference/shared-work.ts'
import type { Weights } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { type ClipConfig, clipConfig, clipPrefixes } from './clip.ts'
import type {
  Adapter,
  AttentionFactors,
  EncoderPart,
  Filling,
  PromptParts,
  TextEncoderModel,
} from './kinds.ts'
import type { Shared } from './stable-diffusion.ts'
import { t5Prefix } from './t5.ts'
import { T5Encoder } from './t5-encoder.ts'
import { t5Tokenizer } from './t5-tokenizer.ts'
import { familiarNames, partOf } from './tensor-names.ts'
import { ClipTextEncoder, sideBySide } from './text-encoder.ts'
import { tokenizerFile } from './tokenizer-file.ts'

export type TransformerTextType = 'flux' | 'sd3'

/** Shorter prompts are filled up to this many tokens. */
const t5Tokens: Record<TransformerTextType, number> = { flux: 256, sd3: 77 }
const pooledWidths = { l: 768, g: 1280 }

interface Encoders {
  l?: TextEncoderModel
  g?: TextEncoderModel
  t5?: T5Encoder
}

/**
 * CLIP-L, CLIP-G and T5 in any order.
 * @throws ModelError that names a file that does not fit, or what is missing.
 */
export function openTransformerText(
  files: readonly Weights[],
  type: TransformerTextType,
  shared: Shared,
): TextEncoderModel {
  const encoders: Encoders = {}
  for (const file of files) {
    const weights = familiarNames(file)
    if (t5Prefix(weights) !== undefined) encoders.t5 = t5Encoder(weights, type, shared)
    else {
      const config = towerConfig(weights, type)
      encoders[config.kind] = new ClipTextEncoder({ ...shared, towers: [{ weights, config }] })
    }
  }
  if (type === 'flux' && !(encoders.l && encoders.t5))
    throw new ModelError(
      `Flux needs CLIP-L and T5-XXL; ${files.map(({ file }) => basename(file)).join(' and ')} ` +
        `${encoders.t5 ? 'lack CLIP-L' : 'lack T5'}. Choose clip_l.safetensors and a ` +
        't5xxl file.',
    )
  return type === 'flux' ? new FluxText(encoders) : new Sd3Text(encoders)
}

function t5Encoder(
  weights: Weights,
  type: TransformerTextType,
  { pool, openWeights }: Shared,
): T5Encoder {
  const tokenizer = () => t5Tokenizer(tokenizerFile('t5', 'pieces.tsv.gz'))
  return new T5Encoder({ weights, pool, openWeights, tokenizer, minLength: t5Tokens[type] })
}

/** SD3 reads its CLIPs before the last layer; of CLIP-L's pooled state no family wants a projection. */
function towerConfig(
  weights: Weights,
  type: TransformerTextType,
): ClipConfig & { kind: 'l' | 'g' } {
  const [prefix] = clipPrefixes(weights)
  const config = prefix === undefined ? undefined : clipConfig(weights, prefix, type === 'sd3')
  if (!config || config.kind === 'h')
    throw new ModelError(
      `${basename(weights.file)} is neither CLIP-L, CLIP-G nor T5. Choose the text encoders of ` +
        `${type === 'flux' ? 'Flux' : 'Stable Diffusion 3'}, such as clip_l.safetensors and ` +
        't5xxl_fp16.safetensors.',
    )
  return { ...config, kind: config.kind, projected: config.kind === 'g' }
}

/** The encoders that lie in a checkpoint, undefined if there are none. */
export function checkpointText(
  checkpoint: Weights,
  type: TransformerTextType,
  shared: Shared,
): TextEncoderModel | undefined {
  const files = ['clip_l', 'clip_g', 't5xxl']
    .map(name => partOf(checkpoint, `text_encoders.${name}.transformer.`))
    .filter(part => part.tensors.size > 0)
  return files.length > 0 ? openTransformerText(files, type, shared) : undefined
}

/** What several encoders share; skipped layers concern CLIP alone. */
abstract class JoinedText implements TextEncoderModel {
  protected readonly encoders: Encoders
  readonly stopAtLayer: number | undefined

  constructor(encoders: Encoders, stopAtLayer?: number) {
    this.encoders = encoders
    this.stopAtLayer = stopAtLayer
  }

  abstract encode(text: string | PromptParts): Promise<{ cond: Tensor; pooled?: Tensor }>

  withStopAtLayer(layer: number): TextEncoderModel {
    const { l, g, t5 } = this.encoders
    return this.like({ l: l?.withStopAtLayer(layer), g: g?.withStopAtLayer(layer), t5 }, layer)
  }

  withAdapter(adapter: Adapter): TextEncoderModel {
    const { l, g, t5 } = this.encoders
    const changed = [l, g].map(clip => clip?.withAdapter(adapter))
    const encoders = { l: changed[0], g: changed[1], t5: t5?.withAdapter(adapter) }
    return this.like(encoders, this.stopAtLayer)
  }

  withFactors(factors: AttentionFactors): TextEncoderModel {
    const { l, g, t5 } = this.encoders
    const times = (clip?: TextEncoderModel) => clip?.withFactors?.(factors) ?? clip
    return this.like({ l: times(l), g: times(g), t5 }, this.stopAtLayer)
  }

  withFilling(filling: Filling): TextEncoderModel {
    const { t5 } = this.encoders
    return this.like({ ...this.encoders, t5: t5?.withFilling(filling) }, this.stopAtLayer)
  }

  unusedLayers(file: string): readonly string[] {
    const { l, g, t5 } = this.encoders
    const unused = [l, g, t5].flatMap(encoder => {
      const own = encoder?.unusedLayers?.(file)
      return own ? [own] : []
    })
    return unused.reduce((all, own) => all.filter(layer => own.includes(layer)))
  }

  get encoderParts(): readonly EncoderPart[] {
    const { l, g, t5 } = this.encoders
    return [l, g, t5].flatMap(encoder => encoder?.encoderParts ?? [])
  }

  withWeights(weights: ReadonlyMap<string, Weights>): TextEncoderModel {
    const { l, g, t5 } = this.encoders
    const [newL, newG] = [l, g].map(clip => clip?.withWeights?.(weights))
    return this.like({ l: newL, g: newG, t5: t5?.withWeights(weights) }, this.stopAtLayer)
  }

  async ready(watch?: Watch): Promise<void> {
    const { l, g, t5 } = this.encoders
    for (const encoder of [l, g, t5]) await encoder?.ready?.(watch)
  }

  private like(encoders: Encoders, layer?: number): TextEncoderModel {
    const Same = this.constructor as new (encoders: Encoders, layer?: number) => TextEncoderModel
    return new Same(encoders, layer)
  }
}

const partsOf = (text: string | PromptParts): PromptParts =>
  typeof text === 'string' ? { l: text, g: text, t5xxl: text } : text

class FluxText extends JoinedText {
  async encode(text: string | PromptParts) {
    const { l = '', t5xxl = '' } = partsOf(text)
    const { pooled } = await this.encoders.l!.encode(l)
    return { cond: await this.encoders.t5!.encode(t5xxl), pooled }
  }
}

/** Width of SD3's text, T5-XXL's. */
const sd3Width = 4096

/** The CLIPs side by side, filled up to T5's width, then T5's tokens. What has no text is left out. */
class Sd3Text extends JoinedText {
  async encode(text: string | PromptParts) {
    const parts = partsOf(text)
    const rows: Tensor[] = []
    const pooled = tensor([1, pooledWidths.l + pooledWidths.g])
    if (parts.l !== undefined || parts.g !== undefined) {
      const both: Tensor[] = []
      for (const kind of ['l', 'g'] as const) {
        const found = await this.encoders[kind]?.encode(parts[kind] ?? '')
        both.push(found?.cond ?? tensor([1, 0, pooledWidths[kind]]))
        if (found?.pooled) pooled.data.set(found.pooled.data, kind === 'l' ? 0 : pooledWidths.l)
      }
      if (this.encoders.l || this.encoders.g) rows.push(clipRows(both))
    }
    const { t5 } = this.encoders
    if (t5 && parts.t5xxl !== undefined) rows.push(await t5.encode(parts.t5xxl))
    const cond = rows.length > 0 ? concatRows(rows) : tensor([1, 77, sd3Width])
    return { cond, pooled }
  }
}

/** A missing CLIP counts as zeros. → [1,tokens,4096] */
function clipRows(both: readonly Tensor[]): Tensor {
  const tokens = Math.min(...both.map(({ shape }) => shape[1]!).filter(count => count > 0))
  const [l, g] = both.map(part =>
    part.shape[1] === 0 ? tensor([1, tokens, part.shape[2]!]) : part,
  ) as [Tensor, Tensor]
  const rest = tensor([1, tokens, sd3Width - l.shape[2]! - g.shape[2]!])
  return sideBySide([l, g, rest])
}

function concatRows(parts: readonly Tensor[]): Tensor {
  const tokens = parts.reduce((sum, { shape }) => sum + shape[1]!, 0)
  const out = tensor([1, tokens, parts[0]!.shape[2]!])
  let at = 0
  for (const { data } of parts) {
    out.data.set(data, at)
    at += data.length
  }
  return out
}
