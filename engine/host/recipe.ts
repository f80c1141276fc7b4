// The words of a picture's making, read off the prompt that made it.
import type { Recipe } from '../api/contract.ts'
import { isNumber, isObject, type Json, toNumber } from '../graph/json.ts'
import { sourcesIn, upstream } from '../graph/order.ts'
import { isLink, type Prompt, type PromptNode } from '../graph/prompt.ts'

const modelFilePattern = /\.(safetensors|sft|ckpt|pt|pth|bin|gguf|onnx)$/i
/** Links followed from a sampler to its text; a graph may be odd, never endless. */
const hopsLimit = 50
const wordsLimit = 8000

/** @param node the output node whose picture is asked about; any sampler otherwise */
export function recipeOf(prompt: Prompt, node?: string): Recipe {
  const reached = node ? [...upstream(node, sourcesIn(prompt))] : Object.keys(prompt)
  const nodes = reached.flatMap(id => (prompt[id] ? [prompt[id]] : []))
  const sampler = nodes.find(isSampler)
  const inputs = sampler?.inputs ?? {}
  return {
    positive: textAt(prompt, inputs.positive),
    negative: textAt(prompt, inputs.negative),
    seed: literal(prompt, inputs.seed ?? inputs.noise_seed, value =>
      isNumber(value) ? String(value) : undefined,
    ),
    steps: numberAt(prompt, inputs.steps),
    cfg: numberAt(prompt, inputs.cfg),
    sampler: stringAt(prompt, inputs.sampler_name),
    scheduler: stringAt(prompt, inputs.scheduler),
    models: [
      ...new Set(
        nodes.flatMap(({ inputs }) =>
          Object.values(inputs).filter(
            (value): value is string => typeof value === 'string' && modelFilePattern.test(value),
          ),
        ),
      ),
    ],
  }
}

/** Lower-case words that the gallery's search looks through. */
export function searchTextOf(prompt: Prompt): string {
  const words: string[] = []
  for (const { inputs } of Object.values(prompt))
    for (const value of Object.values(inputs)) if (typeof value === 'string') words.push(value)
  return [...new Set(words)].join('\n').toLowerCase().slice(0, wordsLimit)
}

const isSampler = ({ inputs }: PromptNode): boolean =>
  isLink(inputs.positive) && ('seed' in inputs || 'noise_seed' in inputs)

/** Goes back along conditioning until a node has a text. */
function textAt(prompt: Prompt, from: Json | undefined): string | undefined {
  let value = from
  for (let hops = 0; hops < hopsLimit && isLink(value); hops++) {
    const inputs: Record<string, Json> = prompt[value[0]]?.inputs ?? {}
    const text = ['text', 'text_g', 'clip_l', 't5xxl', 'prompt'].find(name => name in inputs)
    if (text) return stringAt(prompt, inputs[text])
    value =
      inputs.conditioning ?? inputs.conditioning_1 ?? inputs.conditioning_to ?? inputs.positive
  }
  return undefined
}

/** A literal, or the value of the primitive node that is linked here. */
function literal<T>(
  prompt: Prompt,
  value: Json | undefined,
  read: (value: Json) => T | undefined,
): T | undefined {
  for (let hops = 0; hops < hopsLimit && isLink(value); hops++)
    value = prompt[value[0]]?.inputs.value
  return value === undefined || isObject(value) ? undefined : read(value)
}

const stringAt = (prompt: Prompt, value: Json | undefined): string | undefined =>
  literal(prompt, value, value => (typeof value === 'string' ? value : undefined))

const numberAt = (prompt: Prompt, value: Json | undefined): number | undefined =>
  literal(prompt, value, value => (isNumber(value) ? toNumber(value) : undefined))
