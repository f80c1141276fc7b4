// The text encoders of Lumina 2 (Gemma 2) and of its successor Z-Image (Qwen3): language models whose
// states before the last layer are the conditioning.
import { basename } from 'node:path'
import { ModelError } from '../inference/model-error.ts'
import { readBytes, type Weights } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { PromptParts, TextEncoderModel } from './kinds.ts'
import {
  type LanguageModelConfig,
  languageModelConfig,
  languageModelFeeds,
  languageModelKind,
  languageModelRecipe,
} from './language-model.ts'
import { parseWeights } from './prompt-weights.ts'
import { type QwenTokenizer, qwenTokenizer } from './qwen-tokenizer.ts'
import { SentencePieces } from './sentencepiece.ts'
import type { Shared } from './stable-diffusion.ts'
import { tokenizerFile } from './tokenizer-file.ts'

/** Where ComfyUI's files keep the vocabulary. */
const vocabularyKey = 'spiece_model'

/** @throws ModelError that names the file that is none. */
export function openLuminaText(files: readonly Weights[], { pool }: Shared): TextEncoderModel {
  const [weights] = files as [Weights]
  const kind = languageModelKind(weights)
  if (kind === 'gemma2') return new GemmaText(weights, pool)
  if (kind === 'qwen3')
    return new ZImageText(weights, pool, () =>
      qwenTokenizer(tokenizerFile('qwen2', 'merges.txt.gz')),
    )
  throw new ModelError(
    `${basename(weights.file)} is neither Gemma 2 nor Qwen3. Choose the text encoder of Lumina 2, such ` +
      'as gemma_2_2b_fp16.safetensors, or of Z-Image, such as qwen_3_4b.safetensors.',
  )
}

/** Rows of tokens to states; LoRAs and skipped layers concern CLIP alone. */
abstract class LanguageModelText implements TextEncoderModel {
  readonly stopAtLayer = undefined
  protected readonly weights: Weights
  protected readonly config: LanguageModelConfig
  private readonly pool: Shared['pool']

  constructor(weights: Weights, pool: Shared['pool'], kind: LanguageModelConfig['kind']) {
    this.weights = weights
    this.pool = pool
    this.config = languageModelConfig(weights, kind)
  }

  abstract encode(text: string | PromptParts): Promise<{ cond: Tensor }>

  withStopAtLayer(): TextEncoderModel {
    return this
  }

  withAdapter(): TextEncoderModel {
    return this
  }

  /** [rows,tokens,width]. `seen`: how many of each row's tokens count, all by default. */
  async states(rows: readonly (readonly number[])[], seen?: readonly number[]): Promise<Tensor> {
    const recipe = languageModelRecipe(this.weights, this.config)
    return (await this.pool.run(recipe, languageModelFeeds(this.config, rows, seen))).states!
  }
}

const start = 2
const filling = 0

/** Weights such as (x:1.2) move a token's state away from what the empty prompt has at its place. */
export class GemmaText extends LanguageModelText {
  private vocabulary: SentencePieces | undefined

  constructor(weights: Weights, pool: Shared['pool']) {
    super(weights, pool, 'gemma2')
  }

  async encode(text: string | PromptParts): Promise<{ cond: Tensor }> {
    const prompt = typeof text === 'string' ? text : (text.gemma2_2b ?? '')
    const pieces = this.pieces()
    const tokens = parseWeights(prompt).flatMap(({ text: part, weight }) =>
      pieces.encode(part).map(id => ({ id, weight })),
    )
    const ids = [start, ...tokens.map(({ id }) => id)]
    const { length } = ids
    const { width } = this.config
    if (tokens.every(({ weight }) => weight === 1)) return { cond: await this.states([ids]) }
    const empty = ids.map((_, i) => (i === 0 ? start : filling))
    const { data } = await this.states([ids, empty], [length, 1])
    const own = data.slice(0, length * width)
    for (const [i, { weight }] of tokens.entries())
      for (let at = (i + 1) * width; weight !== 1 && at < (i + 2) * width; at++) {
        const base = data[length * width + at]!
        own[at] = base + (own[at]! - base) * weight
      }
    return { cond: tensor([1, length, width], own) }
  }

  private pieces(): SentencePieces {
    const stored = this.weights.tensors.get(vocabularyKey)
    if (!stored)
      throw new ModelError(
        `${basename(this.weights.file)} holds no vocabulary ("${vocabularyKey}"). Use the file that is ` +
          'published for ComfyUI, such as gemma_2_2b_fp16.safetensors.',
      )
    return (this.vocabulary ??= new SentencePieces(readBytes(stored)))
  }
}

/** As published with Z-Image (Apache-2.0). */
export const zImagePrompt = (prompt: string): string =>
  `<|im_start|>user\n${prompt}<|im_end|>\n<|im_start|>assistant\n`

/** Weights such as (x:1.2) are plain text to it. */
export class ZImageText extends LanguageModelText {
  private readonly tokenizer: () => QwenTokenizer

  constructor(weights: Weights, pool: Shared['pool'], tokenizer: () => QwenTokenizer) {
    super(weights, pool, 'qwen3')
    this.tokenizer = tokenizer
  }

  async encode(text: string | PromptParts): Promise<{ cond: Tensor }> {
    const prompt = typeof text === 'string' ? text : (text.qwen3_4b ?? '')
    const plain = prompt.replaceAll('\\(', '(').replaceAll('\\)', ')')
    return { cond: await this.states([this.tokenizer().encode(zImagePrompt(plain))]) }
  }
}
