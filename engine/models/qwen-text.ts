// The text encoder of Qwen-Image: a language model that is asked to describe the picture. Its states
// over the prompt are the conditioning; weights such as (x:1.2) are plain text to it.
import { basename } from 'node:path'
import type { SessionRecipe } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'
import { ModelError } from '../nodes/models.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { PromptParts, TextEncoderModel } from './kinds.ts'
import { type QwenTokenizer, qwenTokenizer } from './qwen-tokenizer.ts'
import {
  buildQwen25,
  isQwen25,
  type Qwen25Config,
  qwen25Config,
  qwenHeadWidth,
  qwenTheta,
} from './qwen25.ts'
import { identity, weightBytes } from './recipe.ts'
import { ropeTables } from './rope.ts'
import type { Shared } from './stable-diffusion.ts'
import { tokenizerFile } from './tokenizer-file.ts'

/** As published with Qwen-Image (Apache-2.0). */
const beforePrompt =
  '<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, quantity, ' +
  'text, spatial relationships of the objects and background:<|im_end|>\n<|im_start|>user\n'
const afterPrompt = '<|im_end|>\n<|im_start|>assistant\n'

/** Parentheses need no escape here, and an embedding's name begins a text of its own, as in ComfyUI. */
export function qwenImageTokens(prompt: string, tokenizer: QwenTokenizer): number[] {
  const plain = prompt.replaceAll('\\(', '(').replaceAll('\\)', ')')
  const texts = (beforePrompt + plain + afterPrompt).split(/[ \n](?=embedding:)/)
  return texts.flatMap(text => tokenizer.encode(text))
}

/** @throws ModelError that names the file that is none. */
export function openQwenText(files: readonly Weights[], shared: Shared): TextEncoderModel {
  const [weights] = files as [Weights]
  if (!isQwen25(weights))
    throw new ModelError(
      `${basename(weights.file)} is not Qwen2.5. Choose the text encoder of Qwen-Image, such as ` +
        'qwen_2.5_vl_7b_fp8_scaled.safetensors.',
    )
  const tokenizer = () => qwenTokenizer(tokenizerFile('qwen2', 'merges.txt.gz'))
  return new QwenText({ weights, pool: shared.pool, tokenizer })
}

export interface QwenTextParts extends Pick<Shared, 'pool'> {
  weights: Weights
  tokenizer: () => QwenTokenizer
}

export class QwenText implements TextEncoderModel {
  readonly stopAtLayer = undefined
  private readonly parts: QwenTextParts
  private readonly config: Qwen25Config

  constructor(parts: QwenTextParts) {
    this.parts = parts
    this.config = qwen25Config(parts.weights)
  }

  /** Skipping layers is CLIP's. */
  withStopAtLayer(): TextEncoderModel {
    return this
  }

  /** LoRAs of Qwen-Image leave the text encoder as it is. */
  withAdapter(): TextEncoderModel {
    return this
  }

  /** → cond [1,tokens,width], of the prompt and what follows it. */
  async encode(text: string | PromptParts): Promise<{ cond: Tensor }> {
    const prompt = typeof text === 'string' ? text : (text.qwen25_7b ?? '')
    const tokenizer = this.parts.tokenizer()
    const skipped = tokenizer.encode(beforePrompt).length
    const states = await this.states(qwenImageTokens(prompt, tokenizer))
    const { width } = this.config
    const cond = states.data.slice(skipped * width)
    return { cond: tensor([1, cond.length / width, width], cond) }
  }

  /** [1,tokens,width] */
  async states(tokens: readonly number[]): Promise<Tensor> {
    const { length } = tokens
    const positions = Array.from({ length }, (_, i) => [i])
    const mask = tensor([1, 1, length, length])
    // No token looks ahead.
    for (let i = 0; i < mask.data.length; i++)
      if (i % length > Math.floor(i / length)) mask.data[i] = -1e9
    const ids = { shape: [1, length], data: BigInt64Array.from(tokens, BigInt) }
    const { states } = await this.parts.pool.run(this.recipe(), {
      ids,
      mask,
      ...ropeTables(positions, [qwenHeadWidth], qwenTheta),
    })
    return states!
  }

  private recipe(): SessionRecipe {
    const { weights } = this.parts
    return {
      key: `qwen2.5 ${identity(weights)}`,
      costBytes: weightBytes(weights, 'model.'),
      build: () => buildQwen25(weights, this.config),
    }
  }
}
