// The text encoder of Qwen-Image: a language model that is asked to describe the picture. Its states
// over the prompt are the conditioning; weights such as (x:1.2) are plain text to it.
import { basename } from 'node:path'
import { ModelError } from '../inference/model-error.ts'
import type { Weights } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { PromptParts, TextEncoderModel } from './kinds.ts'
import {
  type LanguageModelConfig,
  languageModelConfig,
  languageModelFeeds,
  languageModelKind,
  languageModelRecipe,
  languageModelTheta,
} from './language-model.ts'
import { picturedTokens, type SeenPicture, sectionedTables } from './qwen-pictures.ts'
import { type QwenTokenizer, qwenTokenizer } from './qwen-tokenizer.ts'
import { qwenVisionConfig, qwenVisionFeeds, qwenVisionRecipe } from './qwen-vision.ts'
import type { Shared } from './stable-diffusion.ts'
import { tokenizerFile } from './tokenizer-file.ts'

/** As published with Qwen-Image (Apache-2.0). */
const beforePrompt =
  '<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, quantity, ' +
  'text, spatial relationships of the objects and background:<|im_end|>\n<|im_start|>user\n'
const afterPrompt = '<|im_end|>\n<|im_start|>assistant\n'

/** As published with Qwen-Image-Edit (Apache-2.0). */
const beforeEdit =
  '<|im_start|>system\nDescribe the key features of the input image (color, shape, size, texture, ' +
  "objects, background), then explain how the user's text instruction should alter or modify the " +
  "image. Generate a new image that meets the user's requirements while maintaining consistency with " +
  'the original input where appropriate.<|im_end|>\n<|im_start|>user\n'

/** Where a picture is seen in a text. */
export const pictureSign = '<|vision_start|><|image_pad|><|vision_end|>'
const pictureToken = 151655

/** Parentheses need no escape here, and an embedding's name begins a text of its own, as in ComfyUI. */
export function qwenImageTokens(prompt: string, tokenizer: QwenTokenizer): number[] {
  return tokensOf(beforePrompt, prompt, tokenizer)
}

function tokensOf(before: string, prompt: string, tokenizer: QwenTokenizer): number[] {
  const plain = prompt.replaceAll('\\(', '(').replaceAll('\\)', ')')
  const texts = (before + plain + afterPrompt).split(/[ \n](?=embedding:)/)
  return texts.flatMap(text => tokenizer.encode(text))
}

/** @throws ModelError that names the file that is none. */
export function openQwenText(files: readonly Weights[], shared: Shared): TextEncoderModel {
  const [weights] = files as [Weights]
  if (languageModelKind(weights) !== 'qwen2.5')
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
  private readonly config: LanguageModelConfig

  constructor(parts: QwenTextParts) {
    this.parts = parts
    this.config = languageModelConfig(parts.weights, 'qwen2.5')
  }

  /** Skipping layers is CLIP's. */
  withStopAtLayer(): TextEncoderModel {
    return this
  }

  /** LoRAs of Qwen-Image leave the text encoder as it is. */
  withAdapter(): TextEncoderModel {
    return this
  }

  /** → cond [1,tokens,width], of the prompt with its pictures and what follows it. */
  async encodeSeeing(text: string, pictures: readonly Tensor[]): Promise<{ cond: Tensor }> {
    const tokenizer = this.parts.tokenizer()
    const seen: SeenPicture[] = []
    for (const picture of pictures) seen.push(await this.see(picture))
    const tokens = tokensOf(beforeEdit, text, tokenizer)
    const states = await this.statesSeeing(tokens, pictureToken, seen)
    return { cond: this.without(states, tokenizer.encode(beforeEdit).length) }
  }

  /** One picture [1,H,W,3] as words of the language model. */
  async see(picture: Tensor, config = qwenVisionConfig(this.parts.weights)): Promise<SeenPicture> {
    const { weights, pool } = this.parts
    const { grid, feeds } = qwenVisionFeeds(picture)
    const { words } = await pool.run(qwenVisionRecipe(weights, config), feeds)
    return { grid, words: words! }
  }

  /** [1,tokens,width], of tokens in which each `sign` stands for a picture. */
  async statesSeeing(
    text: readonly number[],
    sign: number,
    pictures: readonly SeenPicture[],
  ): Promise<Tensor> {
    const { config } = this
    const { tokens, places, inputs } = picturedTokens(text, sign, pictures, config.width)
    const { states } = await this.parts.pool.run(
      languageModelRecipe(this.parts.weights, config, true),
      {
        ...languageModelFeeds(config, [tokens]),
        ...sectionedTables(places, config.heads.width, languageModelTheta(config)),
        ...inputs,
      },
    )
    return states!
  }

  /** → cond [1,tokens,width], of the prompt and what follows it. */
  async encode(text: string | PromptParts): Promise<{ cond: Tensor }> {
    const prompt = typeof text === 'string' ? text : (text.qwen25_7b ?? '')
    const tokenizer = this.parts.tokenizer()
    const skipped = tokenizer.encode(beforePrompt).length
    const states = await this.states(qwenImageTokens(prompt, tokenizer))
    return { cond: this.without(states, skipped) }
  }

  /** States without those of the first tokens. */
  private without(states: Tensor, tokens: number): Tensor {
    const { width } = this.config
    const rest = states.data.slice(tokens * width)
    return tensor([1, rest.length / width, width], rest)
  }

  /** [1,tokens,width] */
  async states(tokens: readonly number[]): Promise<Tensor> {
    const recipe = languageModelRecipe(this.parts.weights, this.config)
    const { states } = await this.parts.pool.run(recipe, languageModelFeeds(this.config, [tokens]))
    return states!
  }
}
